/**
 * HTML made from a model's Markdown in; nodes that are safe to show out.
 *
 * The HTML holds no tag that the model wrote (the dialect escapes them). DOMPurify is the second
 * wall, the content security policy the third. Everything with a class is built here, afterwards.
 */

import DOMPurify, { type Config } from "dompurify";
import { codeBlock } from "./code-block";
import { mathNode } from "./math";

const TAGS =
  "a blockquote br code del em h2 h3 h4 h5 h6 hr li ol p pre strong table tbody td th thead tr ul";

const CONFIG: Config & { RETURN_DOM_FRAGMENT: true } = {
  RETURN_DOM_FRAGMENT: true,
  ALLOWED_TAGS: TAGS.split(" "),
  ALLOWED_ATTR: ["align", "data-language", "data-math", "href", "start", "title"],
  // These hold no address, so the rule for addresses is not for them.
  ADD_URI_SAFE_ATTR: ["align", "data-language", "data-math", "start"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  FORBID_ATTR: ["class", "id", "name", "style"],
  // Addresses of this page and of this host are none of a model's business.
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
};

/** The level of the last heading above; the page's title has the first. */
export interface Outline {
  level: number;
}

/** *finished*: the text will not grow any more, so code may be highlighted. *outline* is carried on. */
export function toNodes(html: string, finished: boolean, outline: Outline): ChildNode[] {
  const fragment = DOMPurify.sanitize(html, CONFIG);
  fragment.querySelectorAll("pre").forEach((pre) => replaceCode(pre, finished));
  fragment.querySelectorAll<HTMLElement>("code[data-math]").forEach(replaceMath);
  fragment.querySelectorAll("a").forEach(guardLink);
  fragment.querySelectorAll("table").forEach(boxTable);
  fragment.querySelectorAll("h2, h3, h4, h5, h6").forEach((heading) => fit(heading, outline));
  return [...fragment.childNodes].filter((node) => !isBlank(node));
}

function replaceCode(pre: HTMLPreElement, finished: boolean): void {
  const code = pre.firstElementChild;
  const language = code?.getAttribute("data-language") ?? "";
  pre.replaceWith(codeBlock(code?.textContent ?? "", language, finished));
}

function replaceMath(code: HTMLElement): void {
  code.replaceWith(mathNode(code.textContent ?? "", code.dataset["math"] ?? "inline"));
}

function guardLink(link: HTMLAnchorElement): void {
  if (!link.hasAttribute("href")) return link.replaceWith(...link.childNodes);
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow";
}

function boxTable(table: HTMLTableElement): void {
  const box = document.createElement("div");
  box.className = "table-box";
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Table");
  table.replaceWith(box);
  box.append(table);
}

/** No level is left out: a reader who goes from heading to heading would look for the missing one. */
function fit(heading: Element, outline: Outline): void {
  const wanted = Number(heading.tagName.slice(1));
  outline.level = Math.min(wanted, outline.level + 1);
  if (outline.level === wanted) return;
  const fitting = document.createElement(`h${outline.level}`);
  fitting.append(...heading.childNodes);
  heading.replaceWith(fitting);
}

function isBlank(node: Node): boolean {
  return node instanceof Text && node.data.trim() === "";
}
