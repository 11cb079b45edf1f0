/** Code and its language in; a box with the language's name, a copy button and the code out. */

import { highlight } from "./highlight";
import { LineChunks } from "./line-chunks";

export interface CodeBlock {
  readonly element: HTMLElement;
  readonly code: HTMLElement;
}

/** A box without code yet. */
export function emptyCodeBlock(language: string): CodeBlock {
  const element = document.createElement("div");
  element.className = "code-block";
  const head = document.createElement("div");
  head.className = "code-head";
  const name = document.createElement("span");
  name.textContent = language || "text";
  head.append(name, copyButton());
  const box = document.createElement("pre");
  // A box that scrolls must be reachable by keyboard.
  box.tabIndex = 0;
  const code = document.createElement("code");
  box.append(code);
  element.append(head, box);
  return { element, code };
}

/** The whole box; plain while the code may still grow, highlighted when it is *finished*. */
export function codeBlock(text: string, language: string, finished: boolean): HTMLElement {
  const block = emptyCodeBlock(language);
  fill(block.code, text, finished ? language : "");
  return block.element;
}

export function fill(code: HTMLElement, text: string, language: string): void {
  code.replaceChildren();
  new LineChunks(code).scoped(highlight(text, language));
}

/** The source of the code block that *button*, a copy button, belongs to. */
export function sourceOf(button: Element): string {
  return button.closest(".code-block")?.querySelector("code")?.textContent ?? "";
}

function copyButton(): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet small code-copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy code");
  return button;
}
