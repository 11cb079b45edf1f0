/**
 * Typed events in, what the page shows of one answer (a Turn) out. Pure: no DOM, no clock.
 *
 * Every change is `reduce(turn, event, now)`, and the same events give the same turn, however their
 * texts were cut. Other front ends can take this file, `sse.ts` and `events.generated.ts` as they
 * are: docs/page.md shows how.
 */
import type { UsageCounts, WireEvent } from "./events.generated";

/** What happens on this side of the wire. */
export type LocalEvent =
  | { type: "stopped" }
  | { type: "disconnected" }
  | { type: "toggle"; part: number; open: boolean };

/** A wire event with its number in the stream (the `id:` line). */
export type NumberedEvent = WireEvent & { seq?: number };

export type TurnEvent = NumberedEvent | LocalEvent;

export type ThinkingPart = {
  kind: "thinking";
  text: string;
  state: "streaming" | "done" | "interrupted";
  /** When its first text came, in the milliseconds of *now*. */
  startedAt: number;
  /** Seconds: the server's number where it sent one. */
  duration: number | null;
  /** What the reader chose; null until they did. */
  userOpen: boolean | null;
};
export type TextPart = { kind: "text"; text: string };
export type ToolPart = { kind: "tool"; id: string; name: string; arguments: string };
export type Part = ThinkingPart | TextPart | ToolPart;

export type Failure = { content: string; code: string; retryable: boolean; detail?: string };

export type Phase =
  | "sending"
  | "queued"
  | "waiting"
  | "thinking"
  | "answering"
  | "done"
  | "error"
  | "stopped"
  | "disconnected";

export type Turn = {
  streamId: string | null;
  profile: string;
  model: string;
  phase: Phase;
  /** The place in the queue, from 1. */
  position: number | null;
  parts: readonly Part[];
  usage: UsageCounts | null;
  error: Failure | null;
  finish: string | null;
  lastSeq: number;
  /** Milliseconds of *now*: the request left, the first part came, the last event came. */
  startedAt: number;
  firstPartAt: number | null;
  endedAt: number | null;
};

export const DISCONNECTED: Failure = {
  content: "The connection was lost before the answer was complete.",
  code: "disconnected",
  retryable: true,
};

const TERMINAL: ReadonlySet<Phase> = new Set(["done", "error", "stopped", "disconnected"]);

export function newTurn(now: number): Turn {
  return {
    streamId: null,
    profile: "",
    model: "",
    phase: "sending",
    position: null,
    parts: [],
    usage: null,
    error: null,
    finish: null,
    lastSeq: -1,
    startedAt: now,
    firstPartAt: null,
    endedAt: null,
  };
}

export function isLive(turn: Turn): boolean {
  return !TERMINAL.has(turn.phase);
}

/** The turn after *event*; the very same turn when the event changes nothing. Total: it never throws. */
export function reduce(turn: Turn, event: TurnEvent, now: number): Turn {
  if (event.type === "toggle") return toggled(turn, event.part, event.open);
  if (!isLive(turn)) return turn;
  const seq = "seq" in event ? event.seq : undefined;
  if (seq !== undefined && seq <= turn.lastSeq) return turn;
  const next = applied(turn, event, now);
  return next === turn || seq === undefined ? next : { ...next, lastSeq: seq };
}

function applied(turn: Turn, event: Exclude<TurnEvent, { type: "toggle" }>, now: number): Turn {
  switch (event.type) {
    case "start": {
      const { stream_id: streamId, profile, model } = event;
      return { ...turn, streamId, profile, model, phase: "waiting" };
    }
    case "status":
      return { ...turn, phase: event.phase, position: event.position ?? null };
    case "thinking":
      return thinking(turn, event.content, now);
    case "thinking_done":
      return { ...turn, parts: closed(turn.parts, "done", now, event.duration) };
    case "response":
      return answering(turn, event.content, now);
    case "tool_call": {
      const { id, name, arguments: text } = event;
      return grown(turn, { kind: "tool", id, name, arguments: text }, "answering", now);
    }
    case "usage": {
      const { type: _, seq: __, ...usage } = event;
      return { ...turn, usage };
    }
    case "done": {
      const parts = closed(turn.parts, "done", now);
      const usage = event.usage ?? turn.usage;
      return { ...turn, phase: "done", parts, usage, finish: event.finish_reason, endedAt: now };
    }
    case "error": {
      const { content, code, retryable, detail } = event;
      const error = { content, code, retryable, ...(detail === undefined ? {} : { detail }) };
      return { ...cut(turn, "error", now), error };
    }
    case "stopped":
      return { ...cut(turn, "stopped", now), finish: "stopped" };
    case "disconnected":
      return { ...cut(turn, "disconnected", now), finish: "disconnected", error: DISCONNECTED };
    default:
      // A newer service may know events that this page does not.
      return turn;
  }
}

function thinking(turn: Turn, text: string, now: number): Turn {
  if (text === "") return turn;
  const last = turn.parts.at(-1);
  if (last?.kind === "thinking" && last.state === "streaming") {
    return withLast(turn, { ...last, text: last.text + text }, "thinking");
  }
  const part: ThinkingPart = {
    kind: "thinking",
    text,
    state: "streaming",
    startedAt: now,
    duration: null,
    userOpen: null,
  };
  return grown(turn, part, "thinking", now);
}

function answering(turn: Turn, text: string, now: number): Turn {
  if (text === "") return turn;
  const last = turn.parts.at(-1);
  if (last?.kind === "text") return withLast(turn, { ...last, text: last.text + text }, "answering");
  return grown(turn, { kind: "text", text }, "answering", now);
}

function withLast(turn: Turn, part: Part, phase: Phase): Turn {
  return { ...turn, phase, parts: [...turn.parts.slice(0, -1), part] };
}

/** A new part ends the thinking before it, also when `thinking_done` never came. */
function grown(turn: Turn, part: Part, phase: Phase, now: number): Turn {
  const parts = [...closed(turn.parts, "done", now), part];
  return { ...turn, phase, parts, firstPartAt: turn.firstPartAt ?? now };
}

function cut(turn: Turn, phase: Phase, now: number): Turn {
  return { ...turn, phase, parts: closed(turn.parts, "interrupted", now), endedAt: now };
}

function closed(
  parts: readonly Part[],
  state: "done" | "interrupted",
  now: number,
  duration?: number,
): readonly Part[] {
  const last = parts.at(-1);
  if (last?.kind !== "thinking" || last.state !== "streaming") return parts;
  const measured = duration ?? Math.max(0, now - last.startedAt) / 1000;
  return [...parts.slice(0, -1), { ...last, state, duration: measured }];
}

function toggled(turn: Turn, index: number, open: boolean): Turn {
  const part = turn.parts[index];
  if (part?.kind !== "thinking" || part.userOpen === open) return turn;
  const parts = turn.parts.map((one, at) => (at === index ? { ...part, userOpen: open } : one));
  return { ...turn, parts };
}

/** The answer alone: what is copied, and what goes back to the model. Thinking stays out. */
export function answerText(turn: Turn): string {
  const texts = turn.parts.filter((part) => part.kind === "text").map((part) => part.text.trim());
  return texts.filter((text) => text !== "").join("\n\n");
}
