/**
 * The growing end of an element: nodes that are settled stay for good, the nodes after them are
 * shown for now. A node that settles is the one that was shown, so that nothing moves.
 */

import { morph } from "./morph";

export class Region {
  readonly #parent: Element;
  #shown: ChildNode[] = [];

  constructor(parent: Element) {
    this.#parent = parent;
  }

  /** Keep *nodes* for good, before what is shown for now; returns them as they are in the page. */
  settle(nodes: ChildNode[]): ChildNode[] {
    return nodes.map((node) => {
      const shown = this.#shown.shift();
      if (shown) return morph(shown, node);
      this.#parent.append(node);
      return node;
    });
  }

  /** Show *nodes* in place of what was shown for now. */
  show(nodes: ChildNode[]): void {
    const before = this.#shown;
    this.#shown = [];
    nodes.forEach((node, index) => {
      const old = before[index];
      if (!old) this.#parent.append(node);
      this.#shown.push(old ? morph(old, node) : node);
    });
    for (const surplus of before.slice(nodes.length)) surplus.remove();
  }
}
