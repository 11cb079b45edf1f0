/** Items one by one in, all that came since the last frame at once out: one redraw a frame, however fast they come. */

/** Frames stop in a hidden tab; this keeps the answer growing there. */
const HIDDEN_MS = 250;

export class FrameBatch<T> {
  #items: T[] = [];
  #cancel: (() => void) | null = null;

  constructor(private readonly take: (items: T[]) => void) {}

  push(items: readonly T[]): void {
    this.#items.push(...items);
    if (this.#items.length > 0) this.#cancel ??= nextFrame(() => this.flush());
  }

  /** Hand over at once what is waiting. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = null;
    const items = this.#items;
    this.#items = [];
    if (items.length > 0) this.take(items);
  }
}

/** Calls *run* at the next frame, or soon when there are no frames: a tab may be hidden while it waits. */
function nextFrame(run: () => void): () => void {
  const frame = document.hidden ? 0 : requestAnimationFrame(run);
  const timer = setTimeout(run, HIDDEN_MS);
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}
