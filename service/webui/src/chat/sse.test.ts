import { expect, test } from "vitest";

import { Decoder, readMessages, type Message } from "./sse";

function decode(text: string, size = text.length): Message[] {
  const decoder = new Decoder();
  const messages: Message[] = [];
  for (let at = 0; at < text.length; at += size) {
    messages.push(...decoder.feed(text.slice(at, at + size)));
  }
  return messages;
}

const data = (text: string, size?: number) => decode(text, size).map((message) => message.data);

test("a message ends with a blank line", () => {
  expect(decode("data: a\n\n")).toEqual([{ event: "message", data: "a", id: "" }]);
  expect(decode("data: a\n")).toEqual([]);
});

test.each(["\n", "\r\n", "\r"])("lines may end with %j", (end) => {
  const text = ["data: a", "data: b", "", "data: c", "", ""].join(end);
  expect(data(`${text}x`)).toEqual(["a\nb", "c"]);
});

test("any cut gives the same messages", () => {
  const text = "\uFEFF: hi\r\nid: 7\r\nevent: e\r\ndata: a\r\ndata:b\r\n\r\ndata\n\ndata: ünï\u2028\n\n";
  const whole = decode(text);
  expect(whole.map((message) => message.data)).toEqual(["a\nb", "", "ünï\u2028"]);
  for (let size = 1; size < text.length; size += 1) expect(decode(text, size)).toEqual(whole);
});

test("an id stays for the messages after it, an event does not", () => {
  expect(decode("id: 1\nevent: x\ndata: a\n\ndata: b\n\n")).toEqual([
    { event: "x", data: "a", id: "1" },
    { event: "message", data: "b", id: "1" },
  ]);
});

test("a block without data is no message", () => {
  expect(decode("event: x\n\n: comment\n\n")).toEqual([]);
});

test("one space after the colon is not of the value", () => {
  expect(data("data:  a\n\n")).toEqual([" a"]);
});

function bodyOf(...pieces: Uint8Array[]): { body: ReadableStream<Uint8Array>; cancelled: () => boolean } {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift();
      if (piece) controller.enqueue(piece);
      else controller.close();
    },
    cancel() {
      cancelled = true;
    },
  });
  return { body, cancelled: () => cancelled };
}

test("a character cut between two reads arrives whole", async () => {
  const bytes = new TextEncoder().encode("data: ü\n\n");
  const { body } = bodyOf(bytes.slice(0, 7), bytes.slice(7));
  const seen: Message[][] = [];
  for await (const messages of readMessages(body)) seen.push(messages);
  expect(seen.flat().map((message) => message.data)).toEqual(["ü"]);
});

test("a comment is a sign of life without messages", async () => {
  const { body } = bodyOf(new TextEncoder().encode(": heartbeat\n\n"));
  const seen: Message[][] = [];
  for await (const messages of readMessages(body)) seen.push(messages);
  expect(seen).toEqual([[]]);
});

test("leaving the loop cancels the body", async () => {
  const piece = new TextEncoder().encode("data: a\n\n");
  const { body, cancelled } = bodyOf(piece, piece, piece);
  for await (const messages of readMessages(body)) if (messages.length > 0) break;
  expect(cancelled()).toBe(true);
});
