import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Watchdog, woken } from "./watchdog";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function wake(): void {
  window.dispatchEvent(new Event("online"));
}

test("silence that lasts counts as a lost connection", () => {
  const watchdog = new Watchdog(1000, true);
  watchdog.heard();
  vi.advanceTimersByTime(999);
  watchdog.heard();
  vi.advanceTimersByTime(999);
  expect(watchdog.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(watchdog.signal.aborted).toBe(true);
});

test("after a sleep a shorter silence counts", () => {
  const watchdog = new Watchdog(1000, true);
  watchdog.heard();
  vi.advanceTimersByTime(300);
  wake();
  expect(watchdog.signal.aborted).toBe(false);
  vi.advanceTimersByTime(200);
  wake();
  expect(watchdog.signal.aborted).toBe(true);
});

test.each([
  ["before anything was heard", () => new Watchdog(1000, true)],
  ["where nobody could come back", () => new Watchdog(1000, false)],
])("waking up does no harm %s", (_, make) => {
  const watchdog = make();
  vi.advanceTimersByTime(999);
  wake();
  expect(watchdog.signal.aborted).toBe(false);
});

test("a watchdog that is stopped hears nothing more", () => {
  const watchdog = new Watchdog(1000, true);
  watchdog.heard();
  watchdog.stop();
  vi.advanceTimersByTime(5000);
  wake();
  expect(watchdog.signal.aborted).toBe(false);
});

test("a pause ends in its time, or when the browser wakes up, or at a stop", async () => {
  const stop = new AbortController();
  const pauses = [woken(1000, stop.signal)];
  vi.advanceTimersByTime(1000);
  pauses.push(woken(1000, stop.signal));
  wake();
  pauses.push(woken(1000, stop.signal));
  stop.abort();
  expect(await Promise.all(pauses)).toEqual([false, true, false]);
});
