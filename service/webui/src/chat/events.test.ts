import { describe, expect, test } from "vitest";

import {
  answerText,
  DISCONNECTED,
  isLive,
  newTurn,
  reduce,
  type ThinkingPart,
  type Turn,
  type TurnEvent,
} from "./events";

const START: TurnEvent = { type: "start", stream_id: "s1", profile: "qwen", model: "q3" };
const DONE: TurnEvent = { type: "done", finish_reason: "stop" };
const thinking = (content: string): TurnEvent => ({ type: "thinking", content });
const response = (content: string): TurnEvent => ({ type: "response", content });
const thought = (duration: number): TurnEvent => ({ type: "thinking_done", duration });

/** The turn after *events*, each 100 ms after the one before. */
function run(...events: TurnEvent[]): Turn {
  return events.reduce((turn, event, index) => reduce(turn, event, 100 * (index + 1)), newTurn(0));
}

function part(turn: Turn, index = 0): ThinkingPart {
  return turn.parts[index] as ThinkingPart;
}

const LOG: TurnEvent[] = [
  START,
  { type: "status", phase: "waiting" },
  thinking("Let me "),
  thinking("see."),
  thought(1.5),
  response("The **answer**"),
  response(" is 42."),
  { type: "tool_call", index: 0, id: "c1", name: "look", arguments: "{}" },
  { type: "usage", prompt_tokens: 5, completion_tokens: 9, total_tokens: 14 },
  { type: "done", finish_reason: "stop", usage: { completion_tokens: 9 } },
];

describe("joining", () => {
  test("pieces of one kind join into one part", () => {
    expect(run(START, response("a"), response("b")).parts).toEqual([{ kind: "text", text: "ab" }]);
    expect(part(run(START, thinking("a"), thinking("b"))).text).toBe("ab");
  });

  test("text after thinking after text gives parts in that order", () => {
    const turn = run(START, response("a"), thinking("b"), thought(1), response("c"));
    expect(turn.parts.map(({ kind }) => kind)).toEqual(["text", "thinking", "text"]);
  });

  test("two blocks of thinking are two parts", () => {
    const turn = run(START, thinking("a"), thought(1), thinking("b"), thought(2));
    expect(turn.parts.map((each) => (each as ThinkingPart).duration)).toEqual([1, 2]);
  });

  test("an empty piece makes no part", () => {
    expect(run(START, thinking(""), response("")).parts).toEqual([]);
  });

  test("every way to cut the texts gives the same turn", () => {
    const whole = run(...LOG);
    for (const size of [1, 2, 3, 5]) {
      const cut = LOG.flatMap((event, index): [TurnEvent, number][] => {
        if (event.type !== "thinking" && event.type !== "response") return [[event, index]];
        const pieces = event.content.match(new RegExp(`.{1,${size}}`, "gs")) ?? [];
        return pieces.map((content) => [{ ...event, content }, index]);
      });
      const turn = cut.reduce((one, [event, at]) => reduce(one, event, 100 * (at + 1)), newTurn(0));
      expect(turn).toEqual(whole);
    }
  });
});

describe("the end of thinking", () => {
  test("the server's duration beats the clock", () => {
    expect(part(run(START, thinking("a"), thought(3.2)))).toMatchObject({
      state: "done",
      duration: 3.2,
    });
  });

  test("a response ends thinking that nobody ended", () => {
    expect(part(run(START, thinking("a"), response("b")))).toMatchObject({
      state: "done",
      duration: 0.1,
    });
  });

  test("a tool call ends it too", () => {
    const call: TurnEvent = { type: "tool_call", index: 0, id: "", name: "f", arguments: "{}" };
    expect(part(run(START, thinking("a"), call)).state).toBe("done");
  });

  test("done ends it", () => {
    expect(part(run(START, thinking("a"), DONE)).state).toBe("done");
  });

  test.each<TurnEvent>([
    { type: "error", content: "Oh.", code: "internal", retryable: true },
    { type: "stopped" },
    { type: "disconnected" },
  ])("what cuts the stream interrupts it: $type", (event) => {
    const turn = run(START, thinking("a"), event);
    expect(part(turn)).toMatchObject({ state: "interrupted", duration: 0.1 });
    expect(isLive(turn)).toBe(false);
  });

  test("a clock that goes backwards measures no negative time", () => {
    const turn = reduce(run(START, thinking("a")), { type: "stopped" }, -5000);
    expect(part(turn).duration).toBe(0);
  });
});

describe("numbers and unknown events", () => {
  test("an event that was seen changes nothing", () => {
    const turn = reduce(newTurn(0), { ...response("a"), seq: 3 } as TurnEvent, 0);
    expect(reduce(turn, { ...response("a"), seq: 3 } as TurnEvent, 1)).toBe(turn);
    expect(reduce(turn, { ...response("b"), seq: 2 } as TurnEvent, 1)).toBe(turn);
  });

  test("an unknown event changes nothing", () => {
    const turn = run(START);
    expect(reduce(turn, { type: "sparkle", seq: 9 } as unknown as TurnEvent, 1)).toBe(turn);
  });

  test("replaying the whole log over the live turn gives that turn", () => {
    const numbered = LOG.map((event, seq) => ({ ...event, seq }) as TurnEvent);
    const live = run(...numbered);
    expect(numbered.reduce((turn, event) => reduce(turn, event, 0), live)).toBe(live);
    expect(run(...numbered)).toEqual(live);
  });
});

describe("after the end", () => {
  test("only the reader's toggle is taken", () => {
    const turn = run(START, thinking("a"), DONE);
    for (const event of [response("late"), { type: "stopped" }, thought(9)] as TurnEvent[]) {
      expect(reduce(turn, event, 1)).toBe(turn);
    }
    expect(part(reduce(turn, { type: "toggle", part: 0, open: true }, 1)).userOpen).toBe(true);
  });

  test("a toggle of what is no thinking changes nothing", () => {
    const turn = run(START, response("a"));
    expect(reduce(turn, { type: "toggle", part: 0, open: true }, 1)).toBe(turn);
    expect(reduce(turn, { type: "toggle", part: 7, open: true }, 1)).toBe(turn);
  });

  test("an error keeps what there was", () => {
    const error = { type: "error", content: "Oh.", code: "internal", retryable: true } as const;
    const turn = run(START, response("half"), { ...error, detail: "why" });
    expect(answerText(turn)).toBe("half");
    expect(turn.error).toEqual({ content: "Oh.", code: "internal", retryable: true, detail: "why" });
  });

  test("a lost connection is an error that can be tried again", () => {
    expect(run(START, { type: "disconnected" }).error).toBe(DISCONNECTED);
  });

  test("usage comes from the event or from done", () => {
    expect(run(...LOG).usage).toEqual({ completion_tokens: 9 });
    expect(run(START, { type: "usage", total_tokens: 3, seq: 4 }, DONE).usage).toEqual({
      total_tokens: 3,
    });
  });
});

test("more thinking leaves the reader's choice alone", () => {
  const toggle: TurnEvent = { type: "toggle", part: 0, open: false };
  expect(part(run(START, thinking("a"), toggle, thinking("b"))).userOpen).toBe(false);
});

test("the answer holds no thinking and no calls", () => {
  expect(answerText(run(...LOG))).toBe("The **answer** is 42.");
  expect(answerText(run(START, response("a "), thinking("no"), response("b")))).toBe("a\n\nb");
});

test("the queue's place shows, and goes", () => {
  const queued = run(START, { type: "status", phase: "queued", position: 2 });
  expect(queued).toMatchObject({ phase: "queued", position: 2 });
  expect(reduce(queued, { type: "status", phase: "waiting" }, 0)).toMatchObject({
    phase: "waiting",
    position: null,
  });
});
