import { beforeEach, expect, test } from "vitest";

import { noteRunning, takeRunning, type RunningAnswer } from "./running";

const ONE: RunningAnswer = {
  streamId: "s1",
  conversation: "c1",
  position: 1,
  profileId: 2,
  startedAt: 3,
};
const OTHER = { ...ONE, streamId: "s2", conversation: "c2" };

beforeEach(() => sessionStorage.clear());

test("what is noted comes back once, each to its conversation", () => {
  noteRunning(7, [ONE, OTHER]);
  expect(takeRunning(7, "c1")).toEqual(ONE);
  expect(takeRunning(7, "c1")).toBeNull();
  expect(takeRunning(7, "c2")).toEqual(OTHER);
  expect(sessionStorage.length).toBe(0);
});

test("another user finds nothing", () => {
  noteRunning(7, [ONE]);
  expect(takeRunning(8, "c1")).toBeNull();
});

test("what is over is not noted any more", () => {
  noteRunning(7, [ONE]);
  noteRunning(7, []);
  expect(takeRunning(7, "c1")).toBeNull();
});
