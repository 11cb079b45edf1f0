/**
 * The text of a paragraph that is still being written in; the same out, with what is open closed:
 * emphasis and code get their end, half a link shows its text, a last lone sign waits.
 */

interface Scan {
  readonly text: string;
  at: number;
  /** The signs of emphasis that are open, outermost first. */
  readonly open: string[];
  /** Where the brackets stand that are open. */
  readonly brackets: number[];
}

export function mendInline(text: string): string {
  const scan: Scan = { text, at: 0, open: [], brackets: [] };
  while (scan.at < text.length) {
    const mended = step(scan);
    if (mended !== null) return close(mended, scan.open);
  }
  return close(withoutBrackets(scan), scan.open);
}

/** Go on by one sign; returns the text to show when this one is cut off by the end. */
function step(scan: Scan): string | null {
  const sign = scan.text[scan.at];
  if (sign === "\\") return escaped(scan);
  if (sign === "`") return codeSpan(scan);
  if (sign === "*" || sign === "_" || sign === "~") return emphasis(scan);
  if (sign === "[") scan.brackets.push(scan.at);
  if (sign === "]") return linkEnd(scan);
  scan.at += 1;
  return null;
}

function escaped(scan: Scan): string | null {
  const isMath = scan.text[scan.at + 1] === "(";
  const end = isMath ? scan.text.indexOf("\\)", scan.at) : scan.at;
  if (end < 0 || scan.at + 1 === scan.text.length) return scan.text.slice(0, scan.at);
  scan.at = end + 2;
  return null;
}

function codeSpan(scan: Scan): string | null {
  const ticks = run(scan, "`");
  const start = scan.at + ticks.length;
  if (start === scan.text.length) return scan.text.slice(0, scan.at);
  const end = new RegExp(`(?<!\`)${ticks}(?!\`)`).exec(scan.text.slice(start));
  if (!end) return scan.text.replace(/`+$/, "") + ticks;
  scan.at = start + end.index + ticks.length;
  return null;
}

function emphasis(scan: Scan): string | null {
  const sign = scan.text[scan.at] ?? "";
  const signs = run(scan, sign);
  const before = scan.text[scan.at - 1] ?? " ";
  const after = scan.text[scan.at + signs.length];
  if (after === undefined) return withoutBrackets(scan).slice(0, -signs.length);
  const inWord = sign === "_" && isWord(before) && isWord(after);
  const left = !inWord && !isSpace(before) ? closing(scan.open, sign, signs.length) : signs.length;
  if (!inWord && !isSpace(after)) opening(scan.open, sign, left);
  scan.at += signs.length;
  return null;
}

/** Close what *count* signs close; returns how many are left. */
function closing(open: string[], sign: string, count: number): number {
  for (let last = open.at(-1); last?.startsWith(sign) && last.length <= count; last = open.at(-1)) {
    open.pop();
    count -= last.length;
  }
  return count;
}

function opening(open: string[], sign: string, count: number): void {
  if (count >= 2) open.push(sign + sign);
  if (count % 2 === 1 && sign !== "~") open.push(sign);
}

/** Skip a whole link; of half a link only its text is shown. */
function linkEnd(scan: Scan): string | null {
  const start = scan.brackets.pop();
  const next = scan.text[scan.at + 1];
  scan.at += 1;
  if (start === undefined) return null;
  const label = scan.text.slice(start + 1, scan.at - 1);
  const before = scan.text.slice(0, start).replace(/!$/, "");
  if (next === undefined) return before + label;
  if (next !== "(") return null;
  const end = /^\((?:[^()\n]|\([^()\n]*\))*\)/.exec(scan.text.slice(scan.at));
  if (!end) return scan.text.slice(scan.at).includes("\n") ? null : before + label;
  scan.at += end[0].length;
  return null;
}

/** A bracket that is open is not shown: it may become a link's. */
function withoutBrackets({ text, brackets }: Scan): string {
  const last = brackets.at(-1);
  if (last === undefined) return text;
  return text.slice(0, last).replace(/!$/, "") + text.slice(last + 1);
}

function close(text: string, open: string[]): string {
  return text.trimEnd() + [...open].reverse().join("");
}

function run({ text, at }: Scan, sign: string): string {
  let end = at;
  while (text[end] === sign) end += 1;
  return text.slice(at, end);
}

function isSpace(character: string): boolean {
  return /\s/.test(character);
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}
