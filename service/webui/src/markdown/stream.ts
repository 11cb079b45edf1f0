/**
 * Pieces of Markdown in; a document that grows under *root* out.
 *
 * Three laws, each a test. Any cut of the text gives the same document in the end. A finished block
 * is never touched again: only the growing end is parsed and shown anew. The cost stays linear: a
 * code block grows by its new lines, a list by its last item.
 */

import { sourceOf } from "./code-block";
import { itemsToHtml, lex, toHtml, type Token, type Tokens } from "./dialect";
import { toNodes, type Outline } from "./fragment";
import { mend } from "./mend";
import { OpenFence } from "./open-fence";
import { Region } from "./region";
import { t } from "../t";

/** A view that took long waits this many times as long before the next one, up to a limit. */
const PAUSE_FACTOR = 4;
const MAX_PAUSE_MS = 500;
const CHEAP_MS = 4;
const COPIED_MS = 2000;

export interface LiveMarkdownOptions {
  /** Puts the code of a block on the clipboard; the button says how it went. */
  copy?: (text: string) => Promise<void>;
}

export class LiveMarkdown {
  readonly #document: Region;
  /** Of what is settled. */
  readonly #outline: Outline = { level: 1 };
  /** What came and was not looked at. */
  #new = "";
  /** The source of the blocks that are not finished. */
  #rest = "";
  #fence: OpenFence | null = null;
  /** The list whose last item is not finished: the list, and where its items go. */
  #items: Region | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #notBefore = 0;

  constructor(root: HTMLElement, options: LiveMarkdownOptions = {}) {
    this.#document = new Region(root);
    const { copy } = options;
    if (copy) root.addEventListener("click", (event) => void copyCode(event, copy));
  }

  /** Show *text* after what came before, now or, when the last view was dear, a little later. */
  append(text: string): void {
    this.#new += text;
    if (this.#timer !== undefined) return;
    const pause = this.#notBefore - performance.now();
    if (pause <= 0) this.#view();
    else this.#timer = setTimeout(() => this.#view(), pause);
  }

  /** The text is whole: show it as it is. Nothing may be appended afterwards. */
  finish(): void {
    clearTimeout(this.#timer);
    this.#take(true);
    this.#advance();
    if (this.#fence) this.#endFence(this.#rest);
    else this.#settle(lex(this.#rest));
    this.#rest = "";
    this.#showForNow([]);
  }

  #view(): void {
    const start = performance.now();
    this.#timer = undefined;
    this.#take(false);
    this.#advance();
    if (this.#fence) this.#fence.showPartial(this.#rest);
    else this.#showForNow(lex(mend(this.#rest)));
    const end = performance.now();
    const cost = end - start;
    this.#notBefore = cost < CHEAP_MS ? 0 : end + Math.min(PAUSE_FACTOR * cost, MAX_PAUSE_MS);
  }

  /** Move what is new to the rest, every line end as a line feed. */
  #take(isWhole: boolean): void {
    // A carriage return at the end may be half of a line end.
    const cut = !isWhole && this.#new.endsWith("\r") ? this.#new.length - 1 : this.#new.length;
    this.#rest += this.#new.slice(0, cut).replace(/\r\n?/g, "\n");
    this.#new = this.#new.slice(cut);
  }

  /** Settle every block that no later line can change. Only whole lines tell. */
  #advance(): void {
    for (let more = true; more;) {
      more = this.#fence
        ? this.#feedFence(this.#fence)
        : this.#openFence() || this.#settleFinished();
    }
  }

  /** Whether the rest begins with a code block, which is then open. */
  #openFence(): boolean {
    this.#rest = this.#rest.replace(/^(?:[ \t]*\n)+/, "");
    const opened = OpenFence.at(this.#rest);
    if (!opened) return false;
    this.#showForNow([]);
    this.#fence = opened.fence;
    this.#rest = this.#rest.slice(opened.length);
    this.#document.settle([opened.fence.element]);
    return true;
  }

  /** Whether the code block ended, so that there may be more to do. */
  #feedFence(fence: OpenFence): boolean {
    const { rest, closed } = fence.feed(this.#rest);
    this.#rest = rest;
    if (closed) this.#endFence("");
    return closed;
  }

  #endFence(line: string): void {
    this.#fence?.end(line);
    this.#fence = null;
  }

  #settleFinished(): boolean {
    const tokens = lex(this.#rest.slice(0, this.#rest.lastIndexOf("\n") + 1));
    const last = tokens.length - (tokens.at(-1)?.type === "space" ? 2 : 1);
    if (last > 0) {
      this.#settle(tokens.slice(0, last));
      this.#drop(tokens.slice(0, last));
      return true;
    }
    const first = tokens[0];
    if (first?.type === "list") this.#settleItems(first as Tokens.List);
    return false;
  }

  /** All items but the last are finished. */
  #settleItems(list: Tokens.List): void {
    const items = list.items.slice(0, -1);
    if (items.length === 0) return;
    this.#items ??= this.#openList(list, items);
    this.#items.settle(itemNodes(list, items, true, this.#outline));
    this.#drop(items);
  }

  #openList(list: Tokens.List, items: Tokens.ListItem[]): Region {
    const html = itemsToHtml(list, items);
    // The items settle a second time, one by one: only then do they count.
    const [element] = this.#document.settle(toNodes(html, true, { ...this.#outline }));
    const region = new Region(element as Element);
    region.show([...(element?.childNodes ?? [])]);
    return region;
  }

  #settle(tokens: Token[]): void {
    if (tokens.length === 0) return;
    const [list, others] = this.#splitList(tokens);
    this.#items?.settle(list ? itemNodes(list, list.items, true, this.#outline) : []);
    this.#items?.show([]);
    this.#items = null;
    this.#document.settle(toNodes(toHtml(others), true, this.#outline));
  }

  #showForNow(tokens: Token[]): void {
    const [list, others] = this.#splitList(tokens);
    const outline = { ...this.#outline };
    this.#items?.show(list ? itemNodes(list, list.items, false, outline) : []);
    this.#document.show(toNodes(toHtml(others), false, outline));
  }

  /** The list that goes on the open one, if any, and the other tokens. */
  #splitList(tokens: Token[]): [Tokens.List | null, Token[]] {
    const first = tokens[0];
    if (!this.#items || first?.type !== "list") return [null, tokens];
    return [first as Tokens.List, tokens.slice(1)];
  }

  #drop(tokens: { raw: string }[]): void {
    const length = tokens.reduce((sum, token) => sum + token.raw.length, 0);
    this.#rest = this.#rest.slice(length);
  }
}

function itemNodes(
  list: Tokens.List,
  items: Tokens.ListItem[],
  finished: boolean,
  outline: Outline,
): ChildNode[] {
  const [element] = toNodes(itemsToHtml(list, items), finished, outline);
  return [...(element?.childNodes ?? [])];
}

async function copyCode(event: Event, copy: (text: string) => Promise<void>): Promise<void> {
  const button = (event.target as Element | null)?.closest(".code-copy");
  if (!button) return;
  button.textContent = await copy(sourceOf(button)).then(
    () => t.copied,
    () => "Not copied",
  );
  setTimeout(() => (button.textContent = t.copy), COPIED_MS);
}
