import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FrameBatch } from "./batch";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function batch(): { items: FrameBatch<number>; taken: number[][] } {
  const taken: number[][] = [];
  return { items: new FrameBatch<number>((each) => taken.push(each)), taken };
}

test("what comes within a frame is handed over at once", () => {
  const { items, taken } = batch();
  items.push([1]);
  items.push([2, 3]);
  expect(taken).toEqual([]);
  vi.advanceTimersToNextFrame();
  expect(taken).toEqual([[1, 2, 3]]);
  vi.advanceTimersByTime(1000);
  expect(taken).toHaveLength(1);
});

test("a hidden page gets it without frames", () => {
  vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  const frame = vi.spyOn(globalThis, "requestAnimationFrame");
  const { items, taken } = batch();
  items.push([1]);
  vi.advanceTimersByTime(250);
  expect(taken).toEqual([[1]]);
  expect(frame).not.toHaveBeenCalled();
});

test("a page that gets hidden while it waits gets it too", () => {
  vi.spyOn(globalThis, "requestAnimationFrame").mockReturnValue(1);
  const { items, taken } = batch();
  items.push([1]);
  vi.advanceTimersByTime(250);
  expect(taken).toEqual([[1]]);
});

test("flush hands over at once, and only once", () => {
  const { items, taken } = batch();
  items.push([1]);
  items.flush();
  items.flush();
  vi.advanceTimersByTime(1000);
  expect(taken).toEqual([[1]]);
});
