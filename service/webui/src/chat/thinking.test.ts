import { expect, test } from "vitest";

import type { ThinkingPart } from "./events";
import { thinkingLabel, thinkingOpen } from "./thinking";

const LIVE: ThinkingPart = {
  kind: "thinking",
  text: "a",
  state: "streaming",
  startedAt: 0,
  duration: null,
  userOpen: null,
};
const DONE: ThinkingPart = { ...LIVE, state: "done", duration: 3.2 };

test.each([
  ["while thinking", true, false],
  ["never", false, false],
  ["always", true, true],
] as const)("the bubble is open by itself: %s", (preference, live, after) => {
  expect(thinkingOpen(LIVE, preference)).toBe(live);
  expect(thinkingOpen(DONE, preference)).toBe(after);
});

test("the reader's own choice wins, live and after", () => {
  expect(thinkingOpen({ ...LIVE, userOpen: false }, "always")).toBe(false);
  expect(thinkingOpen({ ...DONE, userOpen: true }, "never")).toBe(true);
});

test.each([
  [3.2, "Thought for 3.2s"],
  [59.94, "Thought for 59.9s"],
  [65, "Thought for 1m 5s"],
  [119.96, "Thought for 2m 0s"],
  [null, "Thought"],
])("the label after %d seconds", (duration, label) => {
  expect(thinkingLabel({ ...DONE, duration })).toBe(label);
});

test("live and interrupted forms", () => {
  expect(thinkingLabel(LIVE)).toBe("Thinking...");
  const cut: ThinkingPart = { ...DONE, state: "interrupted", duration: 0.94 };
  expect(thinkingLabel(cut)).toBe("Thought for 0.9s (stopped)");
});
