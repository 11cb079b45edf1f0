import { expect, test } from "vitest";

import { newTurn, type Turn } from "./events";
import { speed, usageTexts } from "./usage";

function turn(changes: Partial<Turn>): Turn {
  return { ...newTurn(1000), firstPartAt: 1400, endedAt: 5400, ...changes };
}

test("speed counts from the first part to the end", () => {
  expect(speed(turn({ usage: { completion_tokens: 200 } }))).toBe(50);
});

test("what cannot be known is not shown", () => {
  expect(speed(turn({}))).toBe(null);
  expect(speed(turn({ usage: { completion_tokens: 9 }, firstPartAt: null }))).toBe(null);
  expect(speed(turn({ usage: { completion_tokens: 9 }, endedAt: 1500 }))).toBe(null);
});

test("the line of numbers", () => {
  const usage = { completion_tokens: 1200, reasoning_tokens: 300 };
  expect(usageTexts(turn({ usage, finish: "length" }))).toEqual([
    "1,200 tokens (300 thinking)",
    "300.0 tok/s",
    "first after 0.4s",
    "cut at the token limit",
  ]);
  expect(usageTexts({ ...newTurn(0) })).toEqual([]);
});
