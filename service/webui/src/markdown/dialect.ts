/**
 * Markdown in, block tokens out; tokens in, HTML out.
 *
 * The dialect is GitHub's, with formulas, and with differences that let a text that is still growing be
 * shown piece by piece: HTML is text, link definitions are text (a later one would change what is
 * shown already), a line of dashes is a rule and never makes a heading of what is above it, and list
 * items are written the same whether their list is tight or loose. A line end is a line break.
 */

import { Marked, type MarkedExtension, type Token, type Tokens } from "marked";
import { escapeHtml } from "./escape";
import { mathSyntax } from "./math-syntax";

const DEEPEST_HEADING = 6;
/** More nesting than any writer means, and less than what makes the parser slow. */
const TOO_DEEP = /^(?:[ \t]*(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t]))){24}/;
/** The parser looks for the end of each emphasis by itself: its time grows with the square of this. */
const MAX_EMPHASIS_SIGNS = 1000;

export type { Token, Tokens };

const dialect: MarkedExtension = {
  gfm: true,
  breaks: true,
  tokenizer: {
    html: () => undefined,
    tag: () => undefined,
    def: () => undefined,
    lheading: () => undefined,
    // undefined: this is not one. false: look for yourself.
    blockquote: (source) => (TOO_DEEP.test(source) ? undefined : false),
    list: (source) => (TOO_DEEP.test(source) ? undefined : false),
    emStrong: (_source, block) => (hasTooManySigns(block) ? undefined : false),
  },
  renderer: {
    heading({ tokens, depth }) {
      // The page's own title is the only h1.
      const level = Math.min(depth + 1, DEEPEST_HEADING);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    code: ({ text, lang }) => codeElement(text, languageOf(lang ?? "")),
    image({ href, text, tokens }) {
      // An image from elsewhere would tell its server who reads this, and when.
      const label = tokens.length ? this.parser.parseInline(tokens) : escapeHtml(text || href);
      return `<a href="${escapeHtml(href)}">${label}</a>`;
    },
    list(list) {
      const tag = list.ordered ? "ol" : "ul";
      const start = list.ordered && list.start !== 1 ? ` start="${list.start}"` : "";
      const items = list.items.map((item) => this.listitem(item)).join("");
      return `<${tag}${start}>${items}</${tag}>`;
    },
    listitem(item) {
      return `<li>${taskMark(item)}${itemTokens(item).map(renderBlock, this.parser).join("")}</li>`;
    },
    checkbox: () => "",
  },
};

interface Parser {
  parse(tokens: Token[]): string;
  parseInline(tokens: Token[]): string;
}

const marked = new Marked(dialect, mathSyntax);

/** The blocks of *source*; the lengths of their `raw` add up to the length of *source*. */
export function lex(source: string): Token[] {
  try {
    return marked.lexer(source);
  } catch {
    return [plain(source)];
  }
}

export function toHtml(tokens: Token[]): string {
  return marked.parser(tokens);
}

/** The items of a list alone, without the list around them. */
export function itemsToHtml(list: Tokens.List, items: Tokens.ListItem[]): string {
  return marked.parser([{ ...list, items }]);
}

/** The name of the language in the line that opens a fence: a word, in lower case, or nothing. */
export function languageOf(info: string): string {
  const plainInfo = info.trim().replace(/\\([!-/:-@[-`{-~])/g, "$1");
  return /^[\w#+.-]{1,24}/.exec(plainInfo)?.[0].toLowerCase() ?? "";
}

function codeElement(text: string, language: string): string {
  // The HTML parser drops a line end that directly follows <pre>: give it one to drop.
  return `<pre>\n<code data-language="${escapeHtml(language)}">${escapeHtml(text)}</code></pre>`;
}

function taskMark(item: Tokens.ListItem): string {
  if (!item.task) return "";
  return item.checked ? "☑ " : "☐ ";
}

function itemTokens(item: Tokens.ListItem): Token[] {
  return item.tokens.filter((token) => token.type !== "checkbox" && !isLoneCheckbox(token));
}

function isLoneCheckbox(token: Token): boolean {
  const inner = token.type === "paragraph" ? (token.tokens ?? []) : [];
  return inner.length === 1 && inner[0]?.type === "checkbox";
}

/** The first text of an item stands in it bare, later ones are paragraphs: tight and loose alike. */
function renderBlock(this: Parser, token: Token, index: number): string {
  if (token.type !== "text" && token.type !== "paragraph") return this.parse([token]);
  const tokens = token.tokens ?? [];
  return index === 0 ? this.parseInline(tokens) : `<p>${this.parseInline(tokens)}</p>`;
}

const seen = { block: "", tooMany: false };

/** Asked for every sign of a block, so the answer for the last block is kept. */
function hasTooManySigns(block: string): boolean {
  if (seen.block !== block) {
    seen.block = block;
    seen.tooMany = (block.match(/[*_]/g)?.length ?? 0) > MAX_EMPHASIS_SIGNS;
  }
  return seen.tooMany;
}

function plain(source: string): Tokens.Paragraph {
  const text: Tokens.Text = { type: "text", raw: source, text: source };
  return { type: "paragraph", raw: source, text: source, tokens: [text] };
}
