/**
 * Markdown that is still being written in; Markdown that shows well now out.
 *
 * What the next characters will make clear is held back or closed for the moment: half of a `**` or
 * of a link, a line that may become a heading's underline, the first line of a table. Only the view
 * of the growing end goes through here, never what is kept.
 */

import { mendInline } from "./mend-inline";

/** Nothing but signs that begin a block: what they begin shows when its text comes. */
const ONLY_MARKERS = /^[ \t>]*(?:[-=*+_#|~$`\\]+|\d{1,9}[.)]?|[-*+] \[[ xX]?\]?)?[ \t]*$/;
const FENCE = /^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}|~{3,})/;
const DELIMITERS = /^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*$/;
const OPEN_MATH = /^ {0,3}(?:\$\$|\\\[)/;

export function mend(source: string): string {
  const lines = source.split("\n");
  const last = lines.at(-1) ?? "";
  if (isInFence(lines.slice(0, -1))) return source;
  if (ONLY_MARKERS.test(last) || FENCE.test(last)) lines.pop();
  dropUnfinishedTable(lines);
  return mendLastBlock(lines);
}

function isInFence(lines: string[]): boolean {
  let open = "";
  for (const line of lines) {
    const fence = FENCE.exec(line)?.[1];
    if (!fence) continue;
    if (!open) open = fence;
    else if (fence.startsWith(open)) open = "";
  }
  return open !== "";
}

/** A row of cells is a table only when the line of dashes follows it. */
function dropUnfinishedTable(lines: string[]): void {
  let start = lines.length;
  while (start > 0 && /^ {0,3}\|/.test(lines[start - 1] ?? "")) start -= 1;
  const rows = lines.slice(start).filter((line) => line !== "");
  const isUnfinished = rows.length === 1 || (rows.length === 2 && !DELIMITERS.test(rows[1] ?? ""));
  if (isUnfinished && rows.length === lines.length - start) lines.splice(start);
}

function mendLastBlock(lines: string[]): string {
  const start = lastBlankLine(lines) + 1;
  const before = lines.slice(0, start).map((line) => `${line}\n`);
  const block = lines.slice(start);
  if (OPEN_MATH.test(block[0] ?? "")) return before.join("");
  if (/^(?: {4}|\t)/.test(block[0] ?? "")) return lines.join("\n");
  return before.join("") + mendInline(block.join("\n"));
}

function lastBlankLine(lines: string[]): number {
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    if (lines[index]?.trim() === "" && index < lines.length - 1) return index;
  }
  return -1;
}
