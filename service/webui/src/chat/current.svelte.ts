/** The chat that is open: follows the address, and survives a trip to the metrics or to the login page. */
import { ApiError } from "../api";
import { announcer } from "../announcer.svelte";
import { profiles } from "../profiles.svelte";
import { chatAddress, router } from "../router.svelte";
import { session } from "../session.svelte";
import { conversations } from "./conversations.svelte";
import type { Turn } from "./events";
import { noteRunning, takeRunning } from "./running";
import type { StoredMessage } from "./history";
import { Saver } from "./saver";
import { Chat } from "./store.svelte";
import { putAside, takeBack } from "./unsaved";

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
    addEventListener("pagehide", () => this.#keepAll());
    // The last that a page on a phone hears before it is thrown away.
    addEventListener("visibilitychange", () => document.hidden && this.#noteRunning());
    addEventListener("pageshow", ({ persisted }) => persisted && void this.#saveLeft());
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
    if (id === null) await this.#saveLeft();
  }

  /** Start over, also when the address stays the same. */
  startNew(): void {
    this.#wanted = undefined;
    if (router.route.page === "chat" && router.route.conversation === null) void this.show(null);
    else router.go(chatAddress(null));
  }

  /** Resolves when the relay has all that the open chat shows, or could not store it. */
  async stored(): Promise<void> {
    this.chat?.keep();
    await this.chat?.settled();
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
    const isAtWork = (chat: Chat) => chat.busy || chat.unsaved !== null;
    this.#left = this.#left.filter(isAtWork);
    // A chat that is stored nowhere, and will not be, cannot be found again.
    if (left?.busy && left.id === null && left.unsaved === null) left.stop();
    else if (left && isAtWork(left)) this.#left.push(left);
  }

  /** The page goes away. What the requests under way do not save, the next page of this tab will. */
  #keepAll(): void {
    const chats = [...this.#left, ...(this.chat ? [this.chat] : [])];
    for (const chat of chats) chat.keep();
    const unsaved = chats.flatMap((chat) => chat.unsaved ?? []);
    if (session.me && unsaved.length > 0) putAside(session.me.id, unsaved);
    this.#noteRunning();
  }

  #noteRunning(): void {
    const chats = [...this.#left, ...(this.chat ? [this.chat] : [])];
    if (session.me) noteRunning(session.me.id, chats.flatMap((chat) => chat.running ?? []));
  }

  /** Store what the page before could not. */
  async #saveLeft(): Promise<void> {
    const left = session.me ? takeBack(session.me.id) : [];
    for (const { id, tasks } of left) {
      const saver = new Saver(conversations, id, () => {}, () => {});
      for (const { position, message, title, profileId } of tasks) {
        saver.save(position, message, title, profileId);
      }
      await saver.settled();
    }
  }

  async #open(id: string): Promise<void> {
    const left = this.chat;
    this.chat = null;
    this.loading = true;
    try {
      await Promise.all([left?.settled(), this.#saveLeft()]);
      const { messages, profile_id } = await conversations.open(id);
      if (this.#wanted !== id) return;
      const chat = (this.chat = this.#made(id, messages));
      if (profile_id !== null) profiles.choose(profile_id);
      const running = session.me && takeRunning(session.me.id, id);
      if (running) void chat.resume(running);
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
        line: {
          silenceMs: heartbeat * 1000 * HEARTBEATS_MISSED,
          resumable: session.config?.resumable ?? false,
        },
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
    this.#noteRunning();
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
