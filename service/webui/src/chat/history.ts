/** Turns and messages between three shapes: shown on the page, sent to a model, stored by the relay. Pure. */
import type { UsageCounts } from "./events.generated";
import { answerText, newTurn, type Failure, type Part, type Phase, type Turn } from "./events";
import { joined, withoutImages, writtenText, type UserContent } from "./content";

/** One message of a conversation, as the page holds it. */
export type Entry = { role: "user"; content: UserContent } | { role: "assistant"; turn: Turn };

export type ChatMessage =
  | { role: "user"; content: UserContent }
  | { role: "assistant"; content: string };

export type StoredPart =
  | { kind: "thinking"; text: string; state: "done" | "interrupted"; duration: number | null }
  | { kind: "text"; text: string }
  | { kind: "tool"; id: string; name: string; arguments: string };

export type StoredTurn = {
  profile: string;
  model: string;
  parts: StoredPart[];
  usage?: UsageCounts;
  error?: Failure;
  finish: string | null;
  seconds?: number;
  first_event?: number;
};

export type StoredMessage =
  | { role: "user"; content: UserContent }
  | { role: "assistant"; turn: StoredTurn };

/**
 * The messages of a request: answers without their thinking, and none that is empty. What a model
 * cannot see is left out, and said so.
 */
export function toRequest(entries: readonly Entry[], seesImages: boolean): ChatMessage[] {
  const messages: ChatMessage[] = [];
  for (const entry of entries) {
    const last = messages.at(-1);
    if (entry.role === "assistant") {
      const content = answerText(entry.turn);
      if (content !== "") messages.push({ role: "assistant", content });
    } else {
      const content = seesImages ? entry.content : withoutImages(entry.content);
      if (last?.role === "user") last.content = joined(last.content, content);
      else messages.push({ role: "user", content });
    }
  }
  return messages;
}

/** The relay keeps no longer details. */
const DETAIL_LENGTH = 1000;

export function toStored(turn: Turn): StoredTurn {
  const { profile, model, usage, error, finish } = turn;
  return {
    profile,
    model,
    parts: turn.parts.map(storedPart),
    ...(usage ? { usage } : {}),
    ...(error ? { error: { ...error, detail: error.detail && first(error.detail, DETAIL_LENGTH) } } : {}),
    finish,
    ...(turn.endedAt === null ? {} : { seconds: elapsed(turn.startedAt, turn.endedAt) }),
    ...(turn.firstPartAt === null ? {} : { first_event: elapsed(turn.startedAt, turn.firstPartAt) }),
  };
}

function elapsed(from: number, to: number): number {
  return Math.max(0, Math.round(to - from) / 1000);
}

function storedPart(part: Part): StoredPart {
  if (part.kind !== "thinking") return part;
  const { kind, text, state, duration } = part;
  return { kind, text, state: state === "streaming" ? "interrupted" : state, duration };
}

export function fromStored(message: StoredMessage): Entry {
  if (message.role === "user") return message;
  const { profile, model, parts, usage, error, finish, seconds, first_event } = message.turn;
  const turn: Turn = {
    ...newTurn(0),
    profile,
    model,
    phase: storedPhase(message.turn),
    parts: parts.map(shownPart),
    usage: usage ?? null,
    error: error ?? null,
    finish,
    firstPartAt: first_event === undefined ? null : first_event * 1000,
    endedAt: seconds === undefined ? null : seconds * 1000,
  };
  return { role: "assistant", turn };
}

function storedPhase(turn: StoredTurn): Phase {
  if (turn.finish === "stopped" || turn.finish === "disconnected") return turn.finish;
  return turn.error ? "error" : "done";
}

function shownPart(part: StoredPart): Part {
  return part.kind === "thinking" ? { ...part, startedAt: 0, userOpen: null } : part;
}

const TITLE_LENGTH = 60;

/** A title from the first message: its first line, cut at a word. */
export function titleOf(content: UserContent): string {
  const line = writtenText(content).trim().split("\n", 1)[0]!.replace(/\s+/g, " ");
  const cut = first(line, TITLE_LENGTH);
  if (cut === line) return line || "New chat";
  const space = cut.lastIndexOf(" ");
  return `${space > TITLE_LENGTH / 2 ? cut.slice(0, space) : cut}…`;
}

/** The first *count* characters of *text*; half of one would be no text that can be stored. */
function first(text: string, count: number): string {
  return text.length <= count ? text : [...text.slice(0, 2 * count)].slice(0, count).join("");
}
