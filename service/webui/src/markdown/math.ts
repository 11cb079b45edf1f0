/**
 * TeX in, a formula out. KaTeX is large, and few answers have formulas: it is loaded when the first
 * one is shown, and until then (and where it cannot be loaded) the source stands in its place.
 */

import type { render } from "./katex";

type Render = typeof render;

let renderer: Render | null = null;
let loading: Promise<void> | null = null;
const waiting = new Set<HTMLElement>();

/** *kind* is `block`, `display` (its own line, inside a paragraph) or `inline`. */
export function mathNode(tex: string, kind: string): HTMLElement {
  const node = document.createElement(kind === "block" ? "div" : "span");
  node.className = kind === "inline" ? "math" : "math math-display";
  node.dataset["tex"] = tex;
  if (kind !== "inline") node.tabIndex = 0;
  if (renderer) renderer(node, tex, kind !== "inline");
  else waitFor(node, tex);
  return node;
}

function waitFor(node: HTMLElement, tex: string): void {
  node.textContent = tex;
  waiting.add(node);
  loading ??= import("./katex").then(
    (katex) => renderAll(katex.render),
    () => waiting.clear(),
  );
}

function renderAll(render: Render): void {
  renderer = render;
  for (const node of waiting) {
    render(node, node.dataset["tex"] ?? "", node.classList.contains("math-display"));
  }
  waiting.clear();
}
