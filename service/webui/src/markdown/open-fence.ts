/**
 * The lines of a fenced code block in, as they come; its box grows by them. What is there already is
 * never looked at again.
 */

import { emptyCodeBlock, fill, type CodeBlock } from "./code-block";
import { languageOf } from "./dialect";
import { LineChunks } from "./line-chunks";

const OPENING = /^( {0,3})(`{3,}(?=[^`\n]*\n)|~{3,})([^\n]*)\n/;

export class OpenFence {
  readonly #block: CodeBlock;
  readonly #lines: LineChunks;
  readonly #language: string;
  readonly #indent: number;
  readonly #closing: RegExp;
  readonly #partial = document.createTextNode("");
  #text = "";
  #isEmpty = true;

  /** The fence that *source* begins with, and how long its first line is; null when it begins otherwise. */
  static at(source: string): { fence: OpenFence; length: number } | null {
    const match = OPENING.exec(source);
    if (!match) return null;
    const [line, indent = "", marks = "", info = ""] = match;
    return { fence: new OpenFence(indent.length, marks, info), length: line.length };
  }

  private constructor(indent: number, marks: string, info: string) {
    this.#language = languageOf(info);
    this.#block = emptyCodeBlock(this.#language);
    this.#lines = new LineChunks(this.#block.code);
    this.#indent = marks.startsWith("`") ? indent : 0;
    this.#closing = new RegExp(`^ {0,3}${marks}[~\`]* *$`);
  }

  get element(): HTMLElement {
    return this.#block.element;
  }

  /** Take the whole lines of *source*; returns what is left of it, and whether the fence is closed. */
  feed(source: string): { rest: string; closed: boolean } {
    let start = 0;
    let added = "";
    for (let end = source.indexOf("\n"); end >= 0; end = source.indexOf("\n", start)) {
      const line = source.slice(start, end);
      start = end + 1;
      if (this.#closing.test(line)) {
        this.#add(added);
        return { rest: source.slice(start), closed: true };
      }
      added += this.#line(line);
    }
    this.#add(added);
    return { rest: source.slice(start), closed: false };
  }

  /** Show the beginning of a line, unless it may become the closing one. */
  showPartial(line: string): void {
    const isMarks = /^ {0,3}[`~]* *$/.test(line);
    this.#partial.data = line === "" || isMarks ? "" : this.#separator() + this.#dedent(line);
    if (this.#partial.data !== "") this.#block.code.lastElementChild?.append(this.#partial);
    else this.#partial.remove();
  }

  /** The text ended: *line* is its last one. */
  end(line: string): void {
    this.#partial.remove();
    if (line !== "" && !this.#closing.test(line)) this.#add(this.#line(line));
    fill(this.#block.code, this.#text, this.#language);
  }

  #line(line: string): string {
    const text = this.#separator() + this.#dedent(line);
    this.#isEmpty = false;
    return text;
  }

  #separator(): string {
    return this.#isEmpty ? "" : "\n";
  }

  #dedent(line: string): string {
    const spaces = /^\s*/.exec(line)?.[0].length ?? 0;
    return spaces >= this.#indent ? line.slice(this.#indent) : line;
  }

  #add(text: string): void {
    this.#partial.remove();
    this.#text += text;
    this.#lines.text(text);
  }
}
