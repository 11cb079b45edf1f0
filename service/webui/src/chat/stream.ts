/**
 * A chat request in, its typed events out; a connection that goes silent or breaks ends in `disconnected`.
 *
 * Where the relay keeps streams for who comes back, this does: after a lost connection, a sleep of the
 * device or a reload it goes on after the last event that came.
 */
import { ApiError, request, send } from "../api";
import type { WireEvent } from "./events.generated";
import type { TurnEvent } from "./events";
import type { ChatMessage } from "./history";
import { readMessages, type Message } from "./sse";
import { Watchdog, woken } from "./watchdog";

export type ChatRequest = { profile_id: number; messages: ChatMessage[] };

export type Line = {
  /** Milliseconds without any sign of the relay after which the connection counts as lost. */
  silenceMs: number;
  /** Whether the relay keeps streams for who comes back. */
  resumable: boolean;
};

type Take = (events: TurnEvent[]) => void;

/** How a connection ended: the stream is over, it broke, or the relay has no such stream. */
type End = "over" | "lost" | "gone";

/** Tries to come back, one after the other, that brought nothing; the pauses between them grow. */
const TRIES = 20;
const LONGEST_PAUSE_MS = 4_000;

/**
 * Post *chat* and hand over its events as they come, the terminal one last.
 *
 * *stop* ends it with `stopped`; without any sign of life for *silenceMs* it ends with
 * `disconnected`. Never throws: a refusal is an `error` event too.
 */
export async function streamChat(
  chat: ChatRequest,
  take: Take,
  stop: AbortSignal,
  line: Line,
): Promise<void> {
  const body = line.resumable ? { ...chat, resumable: true } : chat;
  const reader = new Reader(null, take, stop, line);
  try {
    let end = await reader.read((signal) => send("POST", "/api/chat/completions", body, signal));
    if (end === "lost" && line.resumable) end = await reader.readOn();
    if (end !== "over") take([{ type: "disconnected" }]);
  } catch (error) {
    if (error instanceof ApiError) take([refusal(error)]);
    else throw error;
  }
}

/**
 * Hand over the events of the stream *id* from its beginning, and end as `streamChat` does.
 *
 * Resolves to false, without any event, when the relay does not have it any more.
 */
export async function resumeChat(
  id: string,
  take: Take,
  stop: AbortSignal,
  line: Line,
): Promise<boolean> {
  const reader = new Reader(id, take, stop, line);
  if ((await reader.readOn()) === "over") return true;
  if (reader.hasRead) take([{ type: "disconnected" }]);
  return reader.hasRead;
}

/** Reads one stream over as many connections as it takes. */
class Reader {
  #last = 0;

  constructor(
    private id: string | null,
    private readonly take: Take,
    private readonly stop: AbortSignal,
    private readonly line: Line,
  ) {}

  get hasRead(): boolean {
    return this.#last > 0;
  }

  /** Come back as often as it takes, or until there is no way back. */
  async readOn(): Promise<End> {
    let end: End = this.id === null ? "gone" : "lost";
    for (let tries = 0; end === "lost" && tries < TRIES; tries += 1) {
      const before = this.#last;
      if (await woken(Math.min(LONGEST_PAUSE_MS, 250 * tries * tries), this.stop)) tries = 0;
      end = await this.#comeBack();
      if (this.#last > before) tries = 0;
    }
    return end;
  }

  /** Read what one connection brings. Throws the relay's refusal. */
  async read(open: (signal: AbortSignal) => Promise<Response>): Promise<End> {
    const watchdog = new Watchdog(this.line.silenceMs, this.line.resumable);
    try {
      const response = await open(AbortSignal.any([this.stop, watchdog.signal]));
      // Nothing will follow, and yet the end never came.
      if (response.body === null) return "gone";
      watchdog.heard();
      for await (const messages of readMessages(response.body)) {
        watchdog.heard();
        if (this.#hand(messages.flatMap(toEvent))) return "over";
      }
      return "lost";
    } catch (error) {
      // An abort that nobody here asked for is a lost connection, not a stop.
      if (this.stop.aborted) return this.#stopped();
      if (error instanceof ApiError) throw error;
      return "lost";
    } finally {
      watchdog.stop();
    }
  }

  async #comeBack(): Promise<End> {
    const headers = { "Last-Event-ID": String(this.#last) };
    try {
      const path = `/api/chat/streams/${this.id}`;
      return await this.read((signal) => send("GET", path, undefined, signal, headers));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return error.status === 0 || error.status >= 500 ? "lost" : "gone";
    }
  }

  /** Whether the terminal event was among *events*. */
  #hand(events: TurnEvent[]): boolean {
    for (const event of events) {
      if (event.type === "start") this.id = event.stream_id;
      if ("seq" in event) this.#last = Math.max(this.#last, event.seq ?? 0);
    }
    this.take(events);
    return events.some(({ type }) => type === "done" || type === "error");
  }

  /** A stream that can be resumed does not end when its reader leaves. */
  #stopped(): End {
    this.take([{ type: "stopped" }]);
    if (this.line.resumable && this.id !== null) {
      // If this fails, the relay ends the stream when nobody has come back for a while.
      request("POST", `/api/chat/streams/${this.id}/stop`, {}).catch(() => {});
    }
    return "over";
  }
}

function toEvent({ data, id }: Message): TurnEvent[] {
  try {
    const event = JSON.parse(data) as WireEvent;
    return [/^\d+$/.test(id) ? { ...event, seq: Number(id) } : event];
  } catch {
    // Not of this protocol; what follows may be.
    return [];
  }
}

const SENTENCES: Record<string, string> = {
  too_large: "The message is too large for this server. Remove an attachment and try again.",
  unauthorized: "You have been signed out. Sign in again, then try again.",
  profile_not_found: "This model is no longer available. Choose another one.",
};

function refusal({ status, code, message, requestId }: ApiError): TurnEvent {
  const facts = [message, status ? `HTTP ${status}` : "", requestId ? `request ${requestId}` : ""];
  return {
    type: "error",
    content: SENTENCES[code] ?? message,
    code,
    retryable: status !== 422,
    detail: facts.filter((fact) => fact !== "").join("\n"),
  };
}
