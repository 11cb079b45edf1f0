import { afterEach, expect, test, vi } from "vitest";
import { Feed } from "./feed.svelte";

afterEach(() => void vi.unstubAllGlobals());

/** A relay whose answers are these, one per request; then it cannot be reached. */
function relay(...answers: (() => Response)[]): void {
  vi.stubGlobal("fetch", async () => {
    const answer = answers.shift();
    if (!answer) throw new TypeError("Failed to fetch");
    return answer();
  });
}

function stream(...lines: string[]): Response {
  return new Response(lines.map((line) => `${line}\n\n`).join(""));
}

test("samples come as they are sent, and a lost connection is said", async () => {
  relay(() => stream('data: {"at": 1}', ": heartbeat", 'data: {"at": 2}'));
  const feed = new Feed();
  const stop = new AbortController();
  const following = feed.follow(stop.signal);
  await vi.waitFor(() => expect(feed.samples.map(({ at }) => at)).toEqual([1, 2]));
  await vi.waitFor(() => expect(feed.live).toBe(false));
  stop.abort();
  await following;
});

test("a refusal is said in the relay's words", async () => {
  const error = { error: { code: "forbidden", message: "You may not do this." } };
  relay(() => new Response(JSON.stringify(error), { status: 403 }));
  const feed = new Feed();
  const stop = new AbortController();
  const following = feed.follow(stop.signal);
  await vi.waitFor(() => expect(feed.problem).toBe("You may not do this."));
  stop.abort();
  await following;
});

test("a connection that was lost is made again", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  relay(
    () => stream('data: {"at": 1}'),
    () => stream('data: {"at": 2}'),
  );
  const feed = new Feed();
  const stop = new AbortController();
  const following = feed.follow(stop.signal);
  await vi.waitFor(async () => {
    await vi.advanceTimersByTimeAsync(500);
    expect(feed.samples.map(({ at }) => at)).toEqual([1, 2]);
  });
  stop.abort();
  await following;
  vi.useRealTimers();
});
