import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { StoredMessage } from "./history";
import { Chat } from "./store.svelte";

const TARGET = { id: 1, seesImages: false };

let body: ReadableStreamDefaultController<Uint8Array>;
let kept: { position: number; message: StoredMessage }[];
/** The storage answers each `put` when the test says so. */
let store: () => void;
let held: boolean;

function newChat(resumable = false, messages: StoredMessage[] = []): Chat {
  const surroundings = {
    storage: {
      add: async () => ({ id: "c1" }),
      put: async (_id: string, position: number, message: StoredMessage) => {
        kept.push({ position, message });
        if (held) await new Promise<void>((done) => (store = done));
      },
    },
    line: { silenceMs: 60_000, resumable },
    created: () => {},
    ended: () => {},
    saveFailed: () => {},
  };
  return new Chat(surroundings, messages.length > 0 ? "c1" : null, messages);
}

async function say(event: object): Promise<void> {
  body.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`));
  await vi.advanceTimersByTimeAsync(300);
}

/** What was stored of the answer each time: its text, and how it ended. */
function answers(): unknown[] {
  const turns = kept.flatMap(({ message }) => ("turn" in message ? [message.turn] : []));
  return turns.map(({ parts, finish }) => [parts.map((part) => "text" in part && part.text).join(""), finish]);
}

beforeEach(() => {
  vi.useFakeTimers();
  kept = [];
  held = false;
  vi.stubGlobal("fetch", async (_path: string, { signal }: RequestInit) => {
    const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (body = controller) });
    signal!.addEventListener("abort", () => body.error(signal!.reason));
    return new Response(stream);
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("an answer that grows for long is stored now and then, as one whose page was lost", async () => {
  const chat = newChat();
  const ended = chat.send("q", TARGET);
  await vi.advanceTimersByTimeAsync(1);
  await say({ type: "response", content: "a" });
  expect(answers()).toEqual([]);
  await vi.advanceTimersByTimeAsync(5_000);
  await say({ type: "response", content: "b" });
  await say({ type: "response", content: "c" });
  expect(answers()).toEqual([["ab", "disconnected"]]);
  await say({ type: "done", finish_reason: "stop" });
  await ended;
  await chat.settled();
  expect(answers()).toEqual([
    ["ab", "disconnected"],
    ["abc", "stop"],
  ]);
  expect(chat.entries.at(-1)).toMatchObject({ turn: { phase: "done", error: null } });
});

test("a storage that is slow gets one half answer at a time", async () => {
  const chat = newChat();
  const ended = chat.send("q", TARGET);
  await vi.advanceTimersByTimeAsync(1);
  held = true;
  for (const content of ["a", "b", "c"]) {
    await vi.advanceTimersByTimeAsync(5_000);
    await say({ type: "response", content });
  }
  expect(answers()).toEqual([["a", "disconnected"]]);
  held = false;
  store();
  await say({ type: "done", finish_reason: "stop" });
  await ended;
  await chat.settled();
  expect(answers().at(-1)).toEqual(["abc", "stop"]);
});

test("a page that goes away stores what has come, also since the last frame", async () => {
  const chat = newChat();
  const ended = chat.send("q", TARGET);
  await vi.advanceTimersByTimeAsync(1);
  body.enqueue(new TextEncoder().encode('data: {"type":"response","content":"half"}\n\n'));
  await vi.advanceTimersByTimeAsync(0);
  chat.keep();
  await chat.settled();
  expect(answers()).toEqual([["half", "disconnected"]]);
  body.close();
  await ended;
});

const START = { type: "start", stream_id: "s1", profile: "p", model: "m" };
const HALF: StoredMessage[] = [
  { role: "user", content: "q" },
  {
    role: "assistant",
    turn: { profile: "p", model: "m", parts: [{ kind: "text", text: "ha" }], finish: "disconnected" },
  },
];

test("an answer that grows can be found by a page that comes after", async () => {
  const chat = newChat(true);
  void chat.send("q", TARGET);
  await vi.advanceTimersByTimeAsync(1);
  expect(chat.running).toBeNull();
  await say(START);
  expect(chat.running).toMatchObject({ streamId: "s1", conversation: "c1", position: 1, profileId: 1 });
  await say({ type: "done", finish_reason: "stop" });
  expect(chat.running).toBeNull();
});

test("such a page replaces the half that was stored by the whole", async () => {
  const chat = newChat(true, HALF);
  const running = { streamId: "s1", conversation: "c1", position: 1, profileId: 1, startedAt: 5 };
  const ended = chat.resume(running);
  await vi.advanceTimersByTimeAsync(1);
  expect(chat.busy).toBe(true);
  await say(START);
  await say({ type: "response", content: "half and whole" });
  await say({ type: "done", finish_reason: "stop" });
  await ended;
  await chat.settled();
  expect(chat.entries).toHaveLength(2);
  expect(chat.entries[1]).toMatchObject({ turn: { phase: "done", startedAt: 5 } });
  expect(answers()).toEqual([["half and whole", "stop"]]);
});

test("it keeps the half when the relay has no more", async () => {
  vi.stubGlobal("fetch", async () => new Response(null, { status: 404 }));
  const chat = newChat(true, HALF);
  const before = chat.entries;
  const running = { streamId: "s1", conversation: "c1", position: 1, profileId: 1, startedAt: 5 };
  const ended = chat.resume(running);
  await vi.runAllTimersAsync();
  await ended;
  expect(chat.entries).toBe(before);
  expect(chat.busy).toBe(false);
  expect(answers()).toEqual([]);
});
