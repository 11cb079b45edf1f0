/** The user's stored conversations: the list that the sidebar shows, and what can be done to them. */
import { request, send } from "../api";
import type { StoredMessage } from "./history";

export type Conversation = {
  id: string;
  title: string;
  profile_id: number | null;
  created_at: string;
  updated_at: string;
};
export type WholeConversation = Conversation & { messages: StoredMessage[] };
type Page = { conversations: Conversation[]; next: string | null };

const PATH = "/api/conversations";

class Conversations {
  list = $state.raw<Conversation[]>([]);
  next = $state.raw<string | null>(null);
  search = $state("");
  loaded = $state(false);
  #latest = 0;

  /** Load the first page of what matches the search; an answer that a later search overtook is dropped. */
  async load(): Promise<void> {
    const turn = (this.#latest += 1);
    const page = await this.#page(null);
    if (turn !== this.#latest) return;
    this.list = page.conversations;
    this.next = page.next;
    this.loaded = true;
  }

  async loadMore(): Promise<void> {
    const turn = this.#latest;
    const page = await this.#page(this.next);
    if (turn !== this.#latest) return;
    const known = new Set(this.list.map(({ id }) => id));
    this.list = [...this.list, ...page.conversations.filter(({ id }) => !known.has(id))];
    this.next = page.next;
  }

  #page(cursor: string | null): Promise<Page> {
    const query = new URLSearchParams();
    if (this.search.trim() !== "") query.set("search", this.search.trim());
    if (cursor !== null) query.set("cursor", cursor);
    return request<Page>("GET", `${PATH}?${query}`);
  }

  open(id: string): Promise<WholeConversation> {
    return request<WholeConversation>("GET", one(id));
  }

  async add(title: string, profileId: number | null): Promise<Conversation> {
    const body = { title, ...(profileId === null ? {} : { profile_id: profileId }) };
    const added = await request<Conversation>("POST", PATH, body);
    this.#toTop(added);
    return added;
  }

  async rename(id: string, title: string): Promise<void> {
    const changed = await request<Conversation>("PATCH", one(id), { title });
    this.list = this.list.map((each) => (each.id === id ? changed : each));
  }

  async remove(id: string): Promise<void> {
    await request("DELETE", one(id));
    this.list = this.list.filter((each) => each.id !== id);
  }

  /** Replace the message at *position*, and all after it. */
  async put(id: string, position: number, message: StoredMessage): Promise<void> {
    this.#toTop(await request<Conversation>("PUT", `${one(id)}/messages/${position}`, message));
  }

  async exported(id: string, format: "markdown" | "json"): Promise<File> {
    const response = await send("GET", `${one(id)}/export?format=${format}`);
    const named = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "");
    const fallback = `conversation.${format === "json" ? "json" : "md"}`;
    return new File([await response.blob()], named?.[1] ?? fallback);
  }

  #toTop(conversation: Conversation): void {
    const rest = this.list.filter(({ id }) => id !== conversation.id);
    this.list = [conversation, ...rest];
  }

  forget(): void {
    this.#latest += 1;
    this.list = [];
    this.next = null;
    this.search = "";
    this.loaded = false;
  }
}

function one(id: string): string {
  return `${PATH}/${encodeURIComponent(id)}`;
}

export const conversations = new Conversations();
