/**
 * TeX inside Markdown, as extensions for marked: `$$…$$` and `\[…\]` as blocks and inside lines,
 * `\(…\)` and `$…$` inside lines. A formula has no blank line in it.
 *
 * `$` follows pandoc's rule, so that prices stay prices: no space after the first, none before the
 * last, and no digit after it.
 */

import type { MarkedExtension, TokenizerAndRendererExtension } from "marked";
import { escapeHtml } from "./escape";

const BLOCK =
  /^ {0,3}(?:\$\$((?:(?!\n[ \t]*\n|\$\$)[\s\S])+)\$\$|\\\[((?:(?!\n[ \t]*\n|\\\])[\s\S])+)\\\])[ \t]*(?:\n|$)/;
const BLOCK_START = /(?:^|\n) {0,3}(?:\$\$|\\\[)/;
/** A block that is not closed is a paragraph of its own, so that it never joins what is before it. */
const UNCLOSED = /^ {0,3}(?:\$\$|\\\[)[^\n]*(?:\n(?![ \t]*(?:\n|$))[^\n]*)*(?:\n|$)/;
const DISPLAYED =
  /^(?:\$\$((?:(?!\n[ \t]*\n|\$\$)[\s\S])+)\$\$|\\\[((?:(?!\n[ \t]*\n|\\\])[\s\S])+)\\\])/;
const INLINE =
  /^(?:\\\(((?:(?!\n[ \t]*\n|\\\))[\s\S])+)\\\)|\$(?![\s$])((?:\\[\s\S]|[^$\\\n])*?[^\s\\$])\$(?![\d$]))/;
const INLINE_START = /\$|\\[([]/;

const block: TokenizerAndRendererExtension = {
  name: "mathBlock",
  level: "block",
  start: (source) => indexOf(BLOCK_START, source),
  tokenizer(source) {
    const match = BLOCK.exec(source);
    if (match) return { type: "mathBlock", raw: match[0], text: formula(match) };
    const unclosed = UNCLOSED.exec(source);
    if (!unclosed) return undefined;
    const text = unclosed[0].replace(/\n$/, "");
    return { type: "paragraph", raw: unclosed[0], text, tokens: this.lexer.inline(text) };
  },
  renderer: (token) => mathElement("block", String(token["text"])),
};

const inline: TokenizerAndRendererExtension = {
  name: "mathInline",
  level: "inline",
  start: (source) => indexOf(INLINE_START, source),
  tokenizer(source) {
    const displayed = DISPLAYED.exec(source);
    if (displayed) {
      return { type: "mathInline", raw: displayed[0], text: formula(displayed), display: true };
    }
    const match = INLINE.exec(source);
    if (!match) return undefined;
    return { type: "mathInline", raw: match[0], text: formula(match), display: false };
  },
  renderer: (token) => mathElement(token["display"] ? "display" : "inline", String(token["text"])),
};

export const mathSyntax: MarkedExtension = { extensions: [block, inline] };

function formula(match: RegExpExecArray): string {
  return (match[1] ?? match[2] ?? "").trim();
}

function indexOf(pattern: RegExp, source: string): number | undefined {
  const match = pattern.exec(source);
  return match ? match.index + (match[0].startsWith("\n") ? 1 : 0) : undefined;
}

function mathElement(kind: "block" | "display" | "inline", tex: string): string {
  return `<code data-math="${kind}">${escapeHtml(tex)}</code>`;
}
