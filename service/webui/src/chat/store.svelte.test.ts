import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { StoredMessage } from "./history";
import { Chat } from "./store.svelte";

const TARGET = { id: 1, seesImages: false };

let body: ReadableStreamDefaultController<Uint8Array>;
let kept: { position: number; message: StoredMessage }[];
/** The storage answers each `put` when the test says so. */
let store: () => void;
let held: boolean;

function newChat(): Chat {
  return new Chat({
    storage: {
      add: async () => ({ id: "c1" }),
      put: async (_id, position, message) => {
        kept.push({ position, message });
        if (held) await new Promise<void>((done) => (store = done));
      },
    },
    silenceMs: 60_000,
    created: () => {},
    ended: () => {},
    saveFailed: () => {},
  });
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
