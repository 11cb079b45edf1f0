/**
 * Keeps a scroll box at its end while its content grows, until the reader scrolls away.
 *
 * A scroll event does not say who scrolled, so a position that we wrote ourselves is known by its
 * number; every other one is the reader's.
 */

/** So near to the end counts as there. */
const NEAR_PX = 40;
const UPWARD_KEYS = new Set(["PageUp", "Home", "ArrowUp"]);

export class Follower {
  pinned = true;
  #written = -1;
  #last = 0;
  readonly #sizes: ResizeObserver;
  readonly #listeners = new AbortController();

  constructor(
    private readonly box: HTMLElement,
    content: HTMLElement,
    private readonly changed: (pinned: boolean) => void = () => {},
  ) {
    this.#sizes = new ResizeObserver(() => this.#grown());
    this.#sizes.observe(content);
    this.#sizes.observe(box);
    const options = { passive: true, signal: this.#listeners.signal };
    box.addEventListener("scroll", () => this.#scrolled(), options);
    box.addEventListener("wheel", (event) => this.#wheeled(event), options);
    box.addEventListener("keydown", (event) => this.#pressed(event), options);
  }

  close(): void {
    this.#sizes.disconnect();
    this.#listeners.abort();
  }

  /** Go to the end and stay there. */
  pin(): void {
    this.#set(true);
    this.#write();
  }

  /** Stay where the reader is while something above or at this place changes its size. */
  hold(): void {
    this.#set(false);
    requestAnimationFrame(() => requestAnimationFrame(() => this.#gap() <= NEAR_PX && this.pin()));
  }

  #set(pinned: boolean): void {
    if (pinned === this.pinned) return;
    this.pinned = pinned;
    this.changed(pinned);
  }

  #gap(): number {
    return this.box.scrollHeight - this.box.clientHeight - this.box.scrollTop;
  }

  #grown(): void {
    if (this.pinned) this.#write();
  }

  #write(): void {
    this.box.scrollTop = this.box.scrollHeight;
    this.#written = this.#last = this.box.scrollTop;
  }

  #scrolled(): void {
    const { scrollTop: top } = this.box;
    const before = this.#last;
    this.#last = top;
    if (Math.abs(top - this.#written) < 1) return;
    this.#written = -1;
    if (top > before && this.#gap() <= NEAR_PX) this.#set(true);
    else if (top < before && this.#gap() > 1) this.#set(false);
  }

  /** A wheel that turns up means away, before the first pixel has moved. */
  #wheeled(event: WheelEvent): void {
    if (event.deltaY < 0) this.#away(event);
  }

  #pressed(event: KeyboardEvent): void {
    const typing = (event.target as HTMLElement).closest("textarea, input, select");
    if (UPWARD_KEYS.has(event.key) && !typing) this.#away(event);
  }

  #away(event: Event): void {
    if (this.box.scrollTop <= 0) return;
    this.#set(false);
    // What moves an inner box leaves the outer one where it is.
    event.stopPropagation();
  }
}
