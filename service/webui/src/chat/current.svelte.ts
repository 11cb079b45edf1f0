/** The chat that is open: follows the address, and survives a trip to the metrics or to the login page. */
import { ApiError } from "../api";
import { announcer } from "../announcer.svelte";
import { profiles } from "../profiles.svelte";
import { chatAddress, router } from "../router.svelte";
import { session } from "../session.svelte";
import { conversations } from "./conversations.svelte";
import type { Turn } from "./events";
import type { StoredMessage } from "./history";
import { Chat } from "./store.svelte";

/** Two heartbeats may be late; three are a lost connection. */
const HEARTBEATS_MISSED = 3;

class Current {
  chat = $state.raw<Chat | null>(null);
  loading = $state(false);
  /** What the address asks for; undefined before the first time. */
  #wanted: string | null | undefined;
  /** Chats that were left while their answer was growing: it goes on. */
  #left: Chat[] = [];

  constructor() {
    addEventListener("pagehide", () => {
      for (const chat of [...this.#left, this.chat]) chat?.keep();
    });
  }

  /** Show the conversation *id*, or a new chat. */
  async show(id: string | null): Promise<void> {
    if (id === this.#wanted) return;
    this.#wanted = id;
    this.#leave();
    const running = this.#left.find((chat) => chat.id === id);
    if (id === null) this.chat = this.#made();
    else if (running) this.chat = running;
    else await this.#open(id);
  }

  /** Start over, also when the address stays the same. */
  startNew(): void {
    this.#wanted = undefined;
    if (router.route.page === "chat" && router.route.conversation === null) void this.show(null);
    else router.go(chatAddress(null));
  }

  /** Nothing of one user may stay for the next. */
  forget(): void {
    for (const chat of [...this.#left, ...(this.chat ? [this.chat] : [])]) chat.stop();
    this.#left = [];
    this.chat = null;
    this.#wanted = undefined;
  }

  #leave(): void {
    const left = this.chat;
    this.#left = this.#left.filter((chat) => chat.busy);
    // A chat that is stored nowhere cannot be found again.
    if (left?.busy && left.id === null) left.stop();
    else if (left?.busy) this.#left.push(left);
  }

  async #open(id: string): Promise<void> {
    const left = this.chat;
    this.chat = null;
    this.loading = true;
    try {
      await left?.settled();
      const { messages, profile_id } = await conversations.open(id);
      if (this.#wanted !== id) return;
      this.chat = this.#made(id, messages);
      if (profile_id !== null) profiles.choose(profile_id);
    } catch (error) {
      if (this.#wanted !== id) return;
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) this.#wanted = undefined;
      else announcer.fail(error.status === 404 ? "This conversation is gone." : error.message);
      if (error.status !== 401) router.go(chatAddress(null));
    } finally {
      if (this.#wanted === id || this.#wanted === undefined) this.loading = false;
    }
  }

  #made(id: string | null = null, messages: StoredMessage[] = []): Chat {
    const heartbeat = session.config?.heartbeat_seconds ?? 15;
    const chat: Chat = new Chat(
      {
        storage: session.config?.conversations ? conversations : null,
        silenceMs: heartbeat * 1000 * HEARTBEATS_MISSED,
        created: (created) => this.#created(chat, created),
        ended: (turn) => this.#ended(turn),
        saveFailed: () =>
          announcer.fail("This conversation could not be saved. It goes on without being kept."),
      },
      id,
      messages,
    );
    return chat;
  }

  /** An answer tells whether its server is up; and a session that was ended elsewhere is over here. */
  #ended({ error }: Turn): void {
    if (error?.code === "session_revoked") void session.load();
    else profiles.load().catch(() => {});
  }

  #created(chat: Chat, id: string): void {
    if (this.chat !== chat) return;
    this.#wanted = id;
    router.rename(chatAddress(id));
  }
}

export const current = new Current();
