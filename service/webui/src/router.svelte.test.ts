import { expect, test } from "vitest";

import { chatAddress, parse } from "./router.svelte";

test.each([
  ["", { page: "chat", conversation: null }],
  ["#/chat", { page: "chat", conversation: null }],
  ["#/chat/a%20b", { page: "chat", conversation: "a b" }],
  ["#/admin", { page: "admin" }],
  ["#/metrics", { page: "metrics" }],
  ["#/nonsense/x", { page: "chat", conversation: null }],
])("the address %j", (hash, route) => {
  expect(parse(hash)).toEqual(route);
});

test("an id comes back from its address", () => {
  expect(parse(chatAddress("a/b#c"))).toEqual({ page: "chat", conversation: "a/b#c" });
});
