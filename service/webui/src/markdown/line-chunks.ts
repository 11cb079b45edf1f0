/**
 * Pieces of code in, nodes out, in chunks of a hundred lines.
 *
 * A browser lays out a block again when its text grows: with chunks it is the last hundred lines,
 * not ten thousand.
 */

import { classesOf, type Scoped } from "./highlight";

const LINES = 100;

export class LineChunks {
  readonly #code: HTMLElement;
  readonly #open: string[] = [];
  #chunk!: HTMLElement;
  #inner!: HTMLElement;
  #lines = 0;

  constructor(code: HTMLElement) {
    this.#code = code;
    this.#startChunk();
  }

  /** Append *text*, whose lines may begin and end anywhere. */
  text(text: string): void {
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) {
      this.#lines += 1;
      if (this.#lines < LINES) continue;
      this.#write(text.slice(start, end + 1));
      this.#startChunk();
      start = end + 1;
    }
    this.#write(text.slice(start));
  }

  scoped(pieces: Scoped[]): void {
    for (const piece of pieces) {
      if (typeof piece === "string") this.text(piece);
      else this.#scope(piece.scope, piece.children);
    }
  }

  #scope(scope: string | undefined, children: Scoped[]): void {
    if (!scope) return this.scoped(children);
    this.#enter(scope);
    this.scoped(children);
    this.#open.pop();
    this.#inner = this.#inner.parentElement ?? this.#chunk;
  }

  #enter(scope: string): void {
    this.#open.push(scope);
    this.#descend(scope);
  }

  #descend(scope: string): void {
    const span = document.createElement("span");
    span.className = classesOf(scope);
    this.#inner.append(span);
    this.#inner = span;
  }

  /** A scope that goes on in the next chunk is opened there again. */
  #startChunk(): void {
    this.#chunk = document.createElement("span");
    this.#chunk.className = "code-chunk";
    this.#code.append(this.#chunk);
    this.#inner = this.#chunk;
    this.#lines = 0;
    for (const scope of this.#open) this.#descend(scope);
  }

  #write(text: string): void {
    if (text === "") return;
    const last = this.#inner.lastChild;
    if (last instanceof Text) last.appendData(text);
    else this.#inner.append(text);
  }
}
