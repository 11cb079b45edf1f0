/** Follows the relay's live samples, and comes back when the connection is lost. */
import { ApiError, send } from "../api";
import { readMessages } from "../chat/sse";
import { appended, type Sample } from "./samples";

const RETRY_MS = 2000;
/** The relay sends a sample a second: a connection that is silent this long is dead. */
const SILENCE_MS = 20_000;

export class Feed {
  samples = $state.raw<Sample[]>([]);
  live = $state(false);
  problem = $state("");

  /** Follow until *signal* says to stop. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#connect(signal).catch((error: unknown) => this.#lost(error, signal));
      this.live = false;
      await pause(RETRY_MS, signal);
    }
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const silence = new AbortController();
    const either = AbortSignal.any([signal, silence.signal]);
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const response = await send("GET", "/api/metrics/stream", undefined, either);
      for await (const messages of readMessages(response.body!)) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        for (const { data } of messages) this.#take(JSON.parse(data) as Sample);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #take(sample: Sample): void {
    this.samples = appended(this.samples, sample);
    this.live = true;
    this.problem = "";
  }

  #lost(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.problem = error instanceof ApiError ? error.message : "The connection was lost.";
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
