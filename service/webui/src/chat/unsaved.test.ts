import { afterEach, expect, test, vi } from "vitest";

import { putAside, takeBack, type Unsaved } from "./unsaved";

const LEFT: Unsaved[] = [
  {
    id: "c1",
    tasks: [{ position: 2, message: { role: "user", content: "q" }, title: "T", profileId: 1 }],
  },
];

afterEach(() => {
  vi.restoreAllMocks();
  sessionStorage.clear();
});

test("what was put aside comes back, once", () => {
  putAside(7, LEFT);
  expect(takeBack(7)).toEqual(LEFT);
  expect(takeBack(7)).toEqual([]);
});

test("nobody gets what another user left", () => {
  putAside(7, LEFT);
  expect(takeBack(8)).toEqual([]);
  expect(takeBack(7)).toEqual([]);
});

test("a full storage stops nothing", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  putAside(7, LEFT);
  expect(takeBack(7)).toEqual([]);
});
