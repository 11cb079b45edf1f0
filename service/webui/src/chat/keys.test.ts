import { expect, test } from "vitest";

import { isSendKey } from "./keys";

const ENTER = {
  key: "Enter",
  keyCode: 13,
  isComposing: false,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
};

test("Enter sends, Shift+Enter makes a new line", () => {
  expect(isSendKey(ENTER, "enter")).toBe(true);
  expect(isSendKey({ ...ENTER, shiftKey: true }, "enter")).toBe(false);
});

test("with the other preference only Ctrl or Command sends", () => {
  expect(isSendKey(ENTER, "mod+enter")).toBe(false);
  expect(isSendKey({ ...ENTER, ctrlKey: true }, "mod+enter")).toBe(true);
  expect(isSendKey({ ...ENTER, metaKey: true }, "mod+enter")).toBe(true);
});

test("an Enter that ends a composition sends nothing, in Safari neither", () => {
  expect(isSendKey({ ...ENTER, isComposing: true }, "enter")).toBe(false);
  expect(isSendKey({ ...ENTER, keyCode: 229 }, "enter")).toBe(false);
});
