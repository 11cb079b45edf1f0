/** Messages of one conversation in, each stored at the relay in order; a failure is told once and stops nothing. */
import type { StoredMessage } from "./history";
import type { Task, Unsaved } from "./unsaved";

/** Where messages go; the conversations' store, or a fake in a test. */
export type Storage = {
  add(title: string, profileId: number | null): Promise<{ id: string }>;
  put(id: string, position: number, message: StoredMessage): Promise<void>;
};

export class Saver {
  #last: Promise<void> = Promise.resolve();
  /** What is not stored; the first is on its way. */
  #queue: Task[] = [];
  #failed = false;

  constructor(
    private readonly storage: Storage,
    /** The conversation's id; null until its first message is stored. */
    public id: string | null,
    private readonly created: (id: string) => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Whether all that was saved so far is stored, or has failed. */
  get idle(): boolean {
    return this.#queue.length === 0;
  }

  /** Store the first message of a new conversation under *title*, or any later one. */
  save(position: number, message: StoredMessage, title: string, profileId: number | null): void {
    this.#queue.push({ position, message, title, profileId });
    if (this.#queue.length === 1) this.#last = this.#work();
  }

  /** What is not stored, also what is on its way: it may not arrive. */
  get unsaved(): Unsaved {
    return { id: this.id, tasks: [...this.#queue] };
  }

  /** Resolves when all that was saved so far is stored, or has failed. */
  settled(): Promise<void> {
    return this.#last;
  }

  async #work(): Promise<void> {
    for (let task = this.#queue[0]; task; task = this.#queue[0]) {
      await this.#store(task).catch(this.#tell);
      this.#queue.shift();
    }
  }

  async #store({ position, message, title, profileId }: Task): Promise<void> {
    if (this.id === null) {
      // Without its first message a conversation would have a hole.
      if (position > 0) return;
      this.id = (await this.storage.add(title, profileId)).id;
      this.created(this.id);
    }
    await this.storage.put(this.id, position, message);
  }

  #tell = (error: unknown): void => {
    if (!this.#failed) this.failed(error);
    this.#failed = true;
  };
}
