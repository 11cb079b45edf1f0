/** A chat request in, its typed events out; a connection that goes silent or breaks ends in `disconnected`. */
import { ApiError, send } from "../api";
import type { WireEvent } from "./events.generated";
import type { TurnEvent } from "./events";
import type { ChatMessage } from "./history";
import { readMessages, type Message } from "./sse";

export type ChatRequest = { profile_id: number; messages: ChatMessage[] };

/** Aborts the request when *milliseconds* pass without `heard()`. */
class Watchdog {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly milliseconds: number) {}

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.milliseconds);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/**
 * Post *chat* and hand over its events as they come, the terminal one last.
 *
 * *stop* ends it with `stopped`; without any sign of life for *silenceMs* it ends with
 * `disconnected`. Never throws: a refusal is an `error` event too.
 */
export async function streamChat(
  chat: ChatRequest,
  take: (events: TurnEvent[]) => void,
  stop: AbortSignal,
  silenceMs: number,
): Promise<void> {
  const watchdog = new Watchdog(silenceMs);
  const signal = AbortSignal.any([stop, watchdog.signal]);
  try {
    const response = await send("POST", "/api/chat/completions", chat, signal);
    watchdog.heard();
    for await (const messages of readMessages(response.body!)) {
      watchdog.heard();
      const events = messages.flatMap(toEvent);
      take(events);
      if (events.some(({ type }) => type === "done" || type === "error")) return;
    }
    take([{ type: "disconnected" }]);
  } catch (error) {
    // An abort that nobody here asked for is a lost connection, not a stop.
    if (stop.aborted) take([{ type: "stopped" }]);
    else take([error instanceof ApiError ? refusal(error) : { type: "disconnected" }]);
  } finally {
    watchdog.stop();
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
