import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { TurnEvent } from "./events";
import { resumeChat, streamChat } from "./stream";

const CHAT = { profile_id: 1, messages: [] };
const SILENCE_MS = 1000;
const LINE = { silenceMs: SILENCE_MS, resumable: false };

let body: ReadableStreamDefaultController<Uint8Array>;

/** A relay that opens a stream; the test writes into it. */
function open(): void {
  vi.stubGlobal("fetch", async (_path: string, { signal }: RequestInit) => {
    const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (body = controller) });
    signal!.addEventListener("abort", () => body.error(signal!.reason));
    return new Response(stream);
  });
}

function write(text: string): void {
  body.enqueue(new TextEncoder().encode(text));
}

function chat(stop = new AbortController()) {
  const events: TurnEvent[] = [];
  const ended = streamChat(CHAT, (each) => events.push(...each), stop.signal, LINE);
  return { events, ended, stop };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("events come with their numbers, and the terminal one ends it", async () => {
  open();
  const { events, ended } = chat();
  await vi.advanceTimersByTimeAsync(1);
  write('id: 0\ndata: {"type":"response","content":"a"}\n\n');
  write('id: 1\ndata: {"type":"done","finish_reason":"stop"}\n\n');
  await ended;
  expect(events).toEqual([
    { type: "response", content: "a", seq: 0 },
    { type: "done", finish_reason: "stop", seq: 1 },
  ]);
});

test("a body that just ends was a lost connection", async () => {
  open();
  const { events, ended } = chat();
  await vi.advanceTimersByTimeAsync(1);
  body.close();
  await ended;
  expect(events).toEqual([{ type: "disconnected" }]);
});

test("silence is a lost connection, and a heartbeat breaks it", async () => {
  open();
  const { events, ended } = chat();
  await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
  write(": heartbeat\n\n");
  await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
  expect(events).toEqual([]);
  await vi.advanceTimersByTimeAsync(2);
  await ended;
  expect(events).toEqual([{ type: "disconnected" }]);
});

test("stop is stopped", async () => {
  open();
  const { events, ended, stop } = chat();
  await vi.advanceTimersByTimeAsync(1);
  stop.abort();
  await ended;
  expect(events).toEqual([{ type: "stopped" }]);
});

test("a refusal is an error event with what a person can tell an administrator", async () => {
  const error = { code: "too_large", message: "The body is too large.", request_id: "r1" };
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ error }), { status: 413 }));
  const { events, ended } = chat();
  await ended;
  expect(events).toMatchObject([
    { type: "error", code: "too_large", detail: "The body is too large.\nHTTP 413\nrequest r1" },
  ]);
});

test("what is no JSON is passed over", async () => {
  open();
  const { events, ended } = chat();
  await vi.advanceTimersByTimeAsync(1);
  write('data: nonsense\n\ndata: {"type":"done","finish_reason":"stop"}\n\n');
  await ended;
  expect(events.map(({ type }) => type)).toEqual(["done"]);
});

/** A relay that keeps streams; each call waits for the test to say how it goes. */
class Keeping {
  readonly calls: { method: string; path: string; after: string | null; body: unknown }[] = [];
  answers: (() => Response)[] = [];

  constructor() {
    vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
      init.signal?.throwIfAborted();
      const after = new Headers(init.headers).get("Last-Event-ID");
      const sent = init.body === undefined ? null : JSON.parse(init.body as string);
      this.calls.push({ method: init.method!, path, after, body: sent });
      const answer = this.answers.shift();
      if (!answer) throw new TypeError("network");
      return answer();
    });
  }
}

const KEPT = { silenceMs: SILENCE_MS, resumable: true };
const START = 'id: 1\ndata: {"type":"start","stream_id":"s1","profile":"p","model":"m"}\n\n';
const A = 'id: 2\ndata: {"type":"response","content":"a"}\n\n';
const B = 'id: 3\ndata: {"type":"response","content":"b"}\n\n';
const DONE = 'id: 4\ndata: {"type":"done","finish_reason":"stop"}\n\n';

function kept(stop = new AbortController()) {
  const events: TurnEvent[] = [];
  const take = (each: TurnEvent[]) => void events.push(...each);
  return { events, stop, ended: streamChat(CHAT, take, stop.signal, KEPT) };
}

test("a lost connection goes on after the last event, as often as it takes", async () => {
  const relay = new Keeping();
  relay.answers = [
    () => new Response(START + A),
    () => new Response(null, { status: 503 }),
    () => {
      throw new TypeError("network");
    },
    () => new Response(B),
    () => new Response(DONE),
  ];
  const { events, ended } = kept();
  await vi.runAllTimersAsync();
  await ended;
  expect(events.map(({ type }) => type)).toEqual(["start", "response", "response", "done"]);
  expect(relay.calls[0]).toMatchObject({ method: "POST", body: { ...CHAT, resumable: true } });
  expect(relay.calls.slice(1).map(({ path }) => path)).toEqual(
    Array(4).fill("/api/chat/streams/s1"),
  );
  expect(relay.calls.map(({ after }) => after)).toEqual([null, "2", "2", "2", "3"]);
});

test.each([404, 410, 204])("when the relay has no more (%i) the connection was lost", async (status) => {
  const relay = new Keeping();
  relay.answers = [() => new Response(START + A), () => new Response(null, { status })];
  const { events, ended } = kept();
  await vi.runAllTimersAsync();
  await ended;
  expect(events.at(-1)).toEqual({ type: "disconnected" });
  expect(relay.calls).toHaveLength(2);
});

test("a relay that stays away is given up in the end", async () => {
  const relay = new Keeping();
  relay.answers = [() => new Response(START + A)];
  const { events, ended } = kept();
  await vi.runAllTimersAsync();
  await ended;
  expect(events.at(-1)).toEqual({ type: "disconnected" });
  expect(relay.calls.length).toBeGreaterThan(10);
});

test("stop is said to the relay, for leaving ends nothing", async () => {
  const relay = new Keeping();
  const stop = new AbortController();
  const held = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(START + A));
      stop.signal.addEventListener("abort", () => controller.error(stop.signal.reason));
    },
  });
  relay.answers = [() => new Response(held), () => new Response(null, { status: 204 })];
  const { events, ended } = kept(stop);
  await vi.advanceTimersByTimeAsync(1);
  stop.abort();
  await ended;
  await vi.runAllTimersAsync();
  expect(events.map(({ type }) => type)).toEqual(["start", "response", "stopped"]);
  expect(relay.calls.at(-1)).toMatchObject({ method: "POST", path: "/api/chat/streams/s1/stop" });
});

test("a stream that a page before began is read from its beginning", async () => {
  const relay = new Keeping();
  relay.answers = [() => new Response(START + A), () => new Response(B + DONE)];
  const events: TurnEvent[] = [];
  const take = (each: TurnEvent[]) => void events.push(...each);
  const found = resumeChat("s1", take, new AbortController().signal, KEPT);
  await vi.runAllTimersAsync();
  expect(await found).toBe(true);
  expect(events).toHaveLength(4);
  expect(relay.calls.map(({ after }) => after)).toEqual(["0", "2"]);
});

test("one that the relay does not have leaves no trace", async () => {
  const relay = new Keeping();
  relay.answers = [() => new Response(null, { status: 404 })];
  const events: TurnEvent[] = [];
  const take = (each: TurnEvent[]) => void events.push(...each);
  const found = resumeChat("s1", take, new AbortController().signal, KEPT);
  await vi.runAllTimersAsync();
  expect(await found).toBe(false);
  expect(events).toEqual([]);
});
