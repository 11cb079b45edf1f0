/** Messages of one conversation in, each stored at the relay in order; a failure is told once and stops nothing. */
import type { StoredMessage } from "./history";

/** Where messages go; the conversations' store, or a fake in a test. */
export type Storage = {
  add(title: string, profileId: number | null): Promise<{ id: string }>;
  put(id: string, position: number, message: StoredMessage): Promise<void>;
};

export class Saver {
  #last: Promise<void> = Promise.resolve();
  #failed = false;

  constructor(
    private readonly storage: Storage,
    /** The conversation's id; null until its first message is stored. */
    public id: string | null,
    private readonly created: (id: string) => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Store the first message of a new conversation under *title*, or any later one. */
  save(position: number, message: StoredMessage, title: string, profileId: number | null): void {
    this.#last = this.#last.then(() => this.#save(position, message, title, profileId)).catch(this.#tell);
  }

  /** Resolves when all that was saved so far is stored, or has failed. */
  settled(): Promise<void> {
    return this.#last;
  }

  async #save(
    position: number,
    message: StoredMessage,
    title: string,
    profileId: number | null,
  ): Promise<void> {
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
