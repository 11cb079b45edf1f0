/** KaTeX with the limits that text from a model needs; a chunk of its own. */

import katex from "katex";
import "katex/dist/katex.min.css";

const MAX_LENGTH = 10_000;

/** Show *tex* in *node*; what is not TeX, or too much of it, stays as its source. */
export function render(node: HTMLElement, tex: string, displayMode: boolean): void {
  if (tex.length > MAX_LENGTH) return void (node.textContent = tex);
  try {
    katex.render(tex, node, {
      displayMode,
      throwOnError: true,
      trust: false,
      strict: "ignore",
      maxExpand: 200,
      maxSize: 20,
    });
  } catch {
    node.textContent = tex;
  }
}
