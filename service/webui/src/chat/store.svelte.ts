/**
 * The conversation on the page: what the reader does and what the relay sends in, entries out.
 * The only caller of `reduce`.
 */
import { announcer } from "../announcer.svelte";
import { t } from "../t";
import { FrameBatch } from "./batch";
import { withText, type UserContent } from "./content";
import { isLive, newTurn, reduce, type Turn, type TurnEvent } from "./events";
import { fromStored, titleOf, toRequest, toStored, type Entry, type StoredMessage } from "./history";
import { Saver, type Storage } from "./saver";
import type { RunningAnswer } from "./running";
import { resumeChat, streamChat, type Line } from "./stream";
import type { Unsaved } from "./unsaved";

let keys = 0;

export class UserEntry {
  readonly role = "user";
  readonly key = (keys += 1);
  constructor(readonly content: UserContent) {}
}

/** One answer. Its turn is replaced as a whole, once a frame while it grows. */
export class AssistantEntry {
  readonly role = "assistant";
  readonly key = (keys += 1);
  turn = $state.raw<Turn>(newTurn(Date.now()));

  constructor(turn?: Turn) {
    if (turn) this.turn = turn;
  }
}

/** While an answer grows it is stored this often: a page that is lost loses no more of it. */
const STORE_EVERY_MS = 5_000;

export type ShownEntry = UserEntry | AssistantEntry;

/** What a chat needs to know of the model it talks to. */
export type Target = { id: number; seesImages: boolean };

export type Surroundings = {
  /** Where conversations are stored; null when the relay stores none. */
  storage: Storage | null;
  line: Line;
  created: (id: string) => void;
  /** An answer is over, in whatever way. */
  ended: (turn: Turn) => void;
  saveFailed: (error: unknown) => void;
};

export class Chat {
  entries = $state.raw<readonly ShownEntry[]>([]);
  /** The answer that is growing. */
  live = $state.raw<AssistantEntry | null>(null);
  #stop: AbortController | null = null;
  #target: Target | null = null;
  #batch: FrameBatch<TurnEvent> | null = null;
  #storedAt = 0;
  readonly #saver: Saver | null;

  constructor(
    private readonly surroundings: Surroundings,
    id: string | null = null,
    messages: readonly StoredMessage[] = [],
  ) {
    const { storage, created, saveFailed } = surroundings;
    this.#saver = storage && new Saver(storage, id, created, saveFailed);
    this.entries = messages.map((message) => shown(fromStored(message)));
  }

  get id(): string | null {
    return this.#saver?.id ?? null;
  }

  get busy(): boolean {
    return this.live !== null;
  }

  send(content: UserContent, target: Target): Promise<void> {
    return this.#ask([...this.entries, new UserEntry(content)], target);
  }

  /** Ask again for the answer *entry*; it and all after it go. */
  regenerate(entry: AssistantEntry, target: Target): Promise<void> {
    return this.#ask(this.entries.slice(0, this.entries.indexOf(entry)), target);
  }

  /** Ask for the answer that the last message never got, as after a reload in the middle of it. */
  answer(target: Target): Promise<void> {
    return this.#ask(this.entries, target);
  }

  /** Send *entry* again with another text; all after it goes. */
  edit(entry: UserEntry, text: string, target: Target): Promise<void> {
    const before = this.entries.slice(0, this.entries.indexOf(entry));
    return this.#ask([...before, new UserEntry(withText(entry.content, text))], target);
  }

  stop(): void {
    this.#stop?.abort();
  }

  toggle(entry: AssistantEntry, part: number, open: boolean): void {
    entry.turn = reduce(entry.turn, { type: "toggle", part, open }, Date.now());
  }

  /** Maybe in the middle of an answer: store what there is. */
  keep(): void {
    if (this.live && this.#target) {
      this.#batch?.flush();
      this.#save(this.entries, this.entries.length - 1, this.#target);
    }
  }

  /** The answer that grows, if a page after this one can go on with it. */
  get running(): RunningAnswer | null {
    const { streamId, startedAt } = this.live?.turn ?? {};
    if (!this.surroundings.line.resumable || !streamId || !startedAt) return null;
    if (this.id === null || this.#target === null) return null;
    const position = this.entries.length - 1;
    return { streamId, conversation: this.id, position, profileId: this.#target.id, startedAt };
  }

  /** Go on with an answer that grew on a page before this one; what is stored of it stays if it is gone. */
  async resume({ streamId, position, profileId, startedAt }: RunningAnswer): Promise<void> {
    if (this.busy || position > this.entries.length) return;
    const before = this.entries;
    const answer = new AssistantEntry(newTurn(startedAt));
    const target = { id: profileId, seesImages: false };
    const found = await this.#follow(before.slice(0, position), answer, target, (take, stop) =>
      resumeChat(streamId, take, stop, this.surroundings.line),
    );
    if (found) this.#end(answer, target);
    else this.entries = before;
  }

  /** What was said and is not stored; null when all is, or nothing is to be. */
  get unsaved(): Unsaved | null {
    return this.#saver && !this.#saver.idle ? this.#saver.unsaved : null;
  }

  /** Resolves when all that was said is stored, or could not be. */
  async settled(): Promise<void> {
    await this.#saver?.settled();
  }

  async #ask(entries: readonly ShownEntry[], target: Target): Promise<void> {
    if (this.busy) return;
    const answer = new AssistantEntry();
    this.#save(entries, entries.length - 1, target);
    const chat = { profile_id: target.id, messages: toRequest(entries, target.seesImages) };
    await this.#follow(entries, answer, target, (take, stop) =>
      streamChat(chat, take, stop, this.surroundings.line),
    );
    this.#end(answer, target);
  }

  /** Let *answer* grow after *entries* by what *stream* takes. */
  async #follow<T>(
    entries: readonly ShownEntry[],
    answer: AssistantEntry,
    target: Target,
    stream: (take: (events: TurnEvent[]) => void, stop: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const stop = new AbortController();
    this.entries = [...entries, answer];
    this.live = answer;
    this.#stop = stop;
    this.#target = target;
    this.#storedAt = Date.now();
    const batch = new FrameBatch<TurnEvent>((events) => this.#grow(answer, events, target));
    this.#batch = batch;
    const result = await stream((events) => batch.push(events), stop.signal);
    batch.flush();
    this.live = null;
    this.#stop = null;
    return result;
  }

  #end(answer: AssistantEntry, target: Target): void {
    this.#save(this.entries, this.entries.length - 1, target);
    this.surroundings.ended(answer.turn);
  }

  #grow(answer: AssistantEntry, events: TurnEvent[], target: Target): void {
    this.#take(answer, events);
    const due = Date.now() - this.#storedAt >= STORE_EVERY_MS;
    // One at a time: a slow relay gets no heap of half answers.
    if (!due || !this.#saver?.idle || !isLive(answer.turn) || answer.turn.parts.length === 0) return;
    this.#storedAt = Date.now();
    this.#save(this.entries, this.entries.length - 1, target);
  }

  #take(answer: AssistantEntry, events: TurnEvent[]): void {
    const before = answer.turn;
    const now = Date.now();
    answer.turn = events.reduce((turn, event) => reduce(turn, event, now), before);
    announce(before, answer.turn);
  }

  #save(entries: readonly ShownEntry[], position: number, target: Target): void {
    const first = entries[0];
    const entry = entries[position];
    if (!this.#saver || first?.role !== "user" || !entry) return;
    this.#saver.save(position, stored(entry), titleOf(first.content), target.id);
  }
}

function shown(entry: Entry): ShownEntry {
  return entry.role === "user" ? new UserEntry(entry.content) : new AssistantEntry(entry.turn);
}

function stored(entry: ShownEntry): StoredMessage {
  if (entry.role === "user") return { role: "user", content: entry.content };
  // Whoever finds an answer that still grew finds one whose page was lost.
  return { role: "assistant", turn: toStored(reduce(entry.turn, { type: "disconnected" }, Date.now())) };
}

/** Say each phase once, when it begins; an error speaks for itself. */
function announce(before: Turn, after: Turn): void {
  const has = (turn: Turn, kind: string) => turn.parts.some((part) => part.kind === kind);
  if (isLive(before) && after.phase === "done") announcer.say(t.announceDone);
  else if (isLive(before) && after.phase === "stopped") announcer.say(t.announceStopped);
  else if (!has(before, "text") && has(after, "text")) announcer.say(t.announceAnswer);
  else if (!has(before, "thinking") && has(after, "thinking")) announcer.say(t.announceThinking);
}
