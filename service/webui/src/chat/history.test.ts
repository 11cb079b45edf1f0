import { expect, test } from "vitest";

import { IMAGE_LEFT_OUT, type UserContent } from "./content";
import { newTurn, reduce, type Turn, type TurnEvent } from "./events";
import { fromStored, titleOf, toRequest, toStored, type Entry } from "./history";

function turn(...events: TurnEvent[]): Turn {
  return events.reduce((one, event, index) => reduce(one, event, 1000 * (index + 1)), newTurn(0));
}

const user = (content: UserContent): Entry => ({ role: "user", content });
const answer = (...events: TurnEvent[]): Entry => ({ role: "assistant", turn: turn(...events) });
const response = (content: string): TurnEvent => ({ type: "response", content });
const STOPPED: TurnEvent = { type: "stopped" };
const IMAGE = { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } } as const;

test("thinking does not go back to the model", () => {
  const entries = [user("q"), answer({ type: "thinking", content: "hm" }, response("a"))];
  expect(toRequest(entries, true)).toEqual([
    { role: "user", content: "q" },
    { role: "assistant", content: "a" },
  ]);
});

test("an answer without text is left out, and its questions become one", () => {
  const entries = [user("first"), answer(STOPPED), user("second")];
  expect(toRequest(entries, true)).toEqual([{ role: "user", content: "first\n\nsecond" }]);
});

test("a joined question keeps its images", () => {
  const entries = [user([IMAGE, { type: "text", text: "what?" }]), answer(STOPPED), user("well?")];
  expect(toRequest(entries, true)[0]?.content).toEqual([
    IMAGE,
    { type: "text", text: "what?" },
    { type: "text", text: "well?" },
  ]);
});

test("images of earlier turns stay for a model that sees, and are named for one that does not", () => {
  const entries = [user([IMAGE, { type: "text", text: "what?" }]), answer(response("A cat."))];
  expect(toRequest(entries, true)[0]?.content).toContainEqual(IMAGE);
  expect(toRequest(entries, false)[0]?.content).toEqual([
    { type: "text", text: IMAGE_LEFT_OUT },
    { type: "text", text: "what?" },
  ]);
});

test("nothing of the entries changes when they are sent", () => {
  const entries = [user("a"), answer(STOPPED), user("b")];
  const before = structuredClone(entries);
  toRequest(entries, false);
  expect(entries).toEqual(before);
});

test("a stored turn comes back as it was shown", () => {
  const shown = turn(
    { type: "start", stream_id: "s", profile: "p", model: "m" },
    { type: "thinking", content: "hm" },
    { type: "thinking_done", duration: 1.2 },
    response("a"),
    { type: "tool_call", index: 0, id: "c", name: "f", arguments: "{}" },
    { type: "done", finish_reason: "length", usage: { completion_tokens: 4 } },
  );
  const stored = toStored(shown);
  expect(stored).toMatchObject({ seconds: 6, first_event: 2, finish: "length" });
  const back = fromStored({ role: "assistant", turn: stored });
  const { parts, usage, finish, phase, profile } = (back as { turn: Turn }).turn;
  expect({ usage, finish, phase, profile }).toEqual({
    usage: { completion_tokens: 4 },
    finish: "length",
    phase: "done",
    profile: "p",
  });
  expect(parts.map(({ kind }) => kind)).toEqual(["thinking", "text", "tool"]);
});

test("what the reader opened is not stored", () => {
  const toggled = turn({ type: "thinking", content: "hm" }, { type: "toggle", part: 0, open: true });
  expect(toStored(toggled).parts).toEqual([
    { kind: "thinking", text: "hm", state: "interrupted", duration: null },
  ]);
});

test.each<[TurnEvent, string]>([
  [STOPPED, "stopped"],
  [{ type: "disconnected" }, "disconnected"],
  [{ type: "error", content: "Oh.", code: "internal", retryable: true }, "error"],
])("how it ended survives: $type", (event, phase) => {
  const back = fromStored({ role: "assistant", turn: toStored(turn(response("a"), event)) });
  expect((back as { turn: Turn }).turn.phase).toBe(phase);
});

test.each([
  ["Why is the sky blue?\nPlease.", "Why is the sky blue?"],
  ["  many   blanks ", "many blanks"],
  ["", "New chat"],
  ["word ".repeat(20), "word word word word word word word word word word word word…"],
  ["x".repeat(70), `${"x".repeat(60)}…`],
  ["x".repeat(59) + "🙂🙂", `${"x".repeat(59)}🙂…`],
  ["🙂".repeat(60), "🙂".repeat(60)],
])("the title of %j", (text, title) => {
  expect(titleOf(text)).toBe(title);
});

test("long details are cut between characters, not in one", () => {
  const error: TurnEvent = {
    type: "error",
    content: "Oh.",
    code: "internal",
    retryable: true,
    detail: "x" + "🙂".repeat(1000),
  };
  expect(toStored(turn(error)).error?.detail).toBe("x" + "🙂".repeat(999));
});
