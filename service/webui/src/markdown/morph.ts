/**
 * Nodes that are shown and nodes that should be in; the shown ones changed as little as it takes.
 *
 * What stays the same stays the same node: a selection, a scroll position and a focus survive.
 */

/** Make *shown* look like *wanted*; returns the node that is in the page afterwards. */
export function morph(shown: ChildNode, wanted: ChildNode): ChildNode {
  if (shown instanceof Text && wanted instanceof Text) {
    if (shown.data !== wanted.data) shown.data = wanted.data;
    return shown;
  }
  if (isSameElement(shown, wanted)) {
    if (!isFormula(wanted)) morphChildren(shown as Element, wanted as Element);
    return shown;
  }
  shown.replaceWith(wanted);
  return wanted;
}

function morphChildren(shown: ParentNode, wanted: ParentNode): void {
  const before = [...shown.childNodes];
  const after = [...wanted.childNodes];
  after.forEach((node, index) => {
    const old = before[index];
    if (old) morph(old, node);
    else shown.append(node);
  });
  for (const surplus of before.slice(after.length)) surplus.remove();
}

function isSameElement(shown: ChildNode, wanted: ChildNode): boolean {
  return (
    shown instanceof Element &&
    wanted instanceof Element &&
    shown.tagName === wanted.tagName &&
    shown.attributes.length === wanted.attributes.length &&
    [...wanted.attributes].every(({ name, value }) => shown.getAttribute(name) === value)
  );
}

function isFormula(wanted: ChildNode): boolean {
  return wanted instanceof HTMLElement && "tex" in wanted.dataset;
}
