/** Silence, sleep and waking up in; a signal that the connection is lost, or that it is time to try again, out. */

/** What a browser says when it was away: a tab in sight again, a page from its cache, a network. */
const WAKING: [EventTarget, string][] =
  typeof document === "undefined"
    ? []
    : [
        [document, "visibilitychange"],
        [window, "pageshow"],
        [window, "online"],
      ];

/** After a sleep, a silence of a part of what is borne counts: most likely the connection is dead. */
const AFTER_SLEEP = 0.4;

/** Aborts its signal when *milliseconds* pass without `heard()`. */
export class Watchdog {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heardAt = Date.now();
  readonly #unlisten: () => void;

  constructor(
    private readonly milliseconds: number,
    looksAtWaking: boolean,
  ) {
    this.#unlisten = looksAtWaking ? onWaking(() => this.#look()) : () => {};
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    this.#heardAt = Date.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.milliseconds);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#unlisten();
  }

  #look(): void {
    const silence = Date.now() - this.#heardAt;
    if (this.#timer !== undefined && silence > this.milliseconds * AFTER_SLEEP) {
      this.#controller.abort();
    }
  }
}

/** Resolves after *milliseconds*, to false; or sooner, to true, when the browser wakes up; or at *stop*. */
export function woken(milliseconds: number, stop: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (woke: boolean) => {
      clearTimeout(timer);
      unlisten();
      stop.removeEventListener("abort", stopped);
      resolve(woke);
    };
    const stopped = () => end(false);
    const timer = setTimeout(end, milliseconds, false);
    const unlisten = onWaking(() => end(true));
    stop.addEventListener("abort", stopped);
  });
}

function onWaking(run: () => void): () => void {
  const woke = () => document.hidden || run();
  for (const [target, name] of WAKING) target.addEventListener(name, woke);
  return () => {
    for (const [target, name] of WAKING) target.removeEventListener(name, woke);
  };
}
