import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { TurnEvent } from "./events";
import { streamChat } from "./stream";

const CHAT = { profile_id: 1, messages: [] };
const SILENCE_MS = 1000;

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
  const ended = streamChat(CHAT, (each) => events.push(...each), stop.signal, SILENCE_MS);
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
