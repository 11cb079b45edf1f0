import { expect, test } from "vitest";

import { age, bytes, count, number, seconds } from "./format";

test.each([
  [0, "0.0s"],
  [3.24, "3.2s"],
  [59.96, "1m 0s"],
  [65, "1m 5s"],
])("%d seconds", (value, text) => {
  expect(seconds(value)).toBe(text);
});

test.each([
  [812, "812 B"],
  [3400, "3.4 kB"],
  [999_999, "1.0 MB"],
  [33_554_432, "33.6 MB"],
  [250_000, "250 kB"],
])("%d bytes", (value, text) => {
  expect(bytes(value)).toBe(text);
});

test("numbers and counts", () => {
  expect(number(12345)).toBe("12,345");
  expect(number(3.456, 1)).toBe("3.5");
  expect(count(1, "token")).toBe("1 token");
  expect(count(2, "token")).toBe("2 tokens");
});

test.each([
  [0, "Today"],
  [1, "Yesterday"],
  [3, "Previous 7 days"],
  [30, "Older"],
])("%d days ago", (days, text) => {
  const now = new Date(2026, 5, 15, 12);
  expect(age(new Date(2026, 5, 15 - days, 11), now)).toBe(text);
});
