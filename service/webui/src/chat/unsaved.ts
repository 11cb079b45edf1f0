/**
 * What is not stored at the relay yet when the page goes away in; the same out when it comes back.
 *
 * In the tab's own storage: a reload finds it, and who opens the browser after does not.
 */
import type { StoredMessage } from "./history";

export type Task = {
  position: number;
  message: StoredMessage;
  title: string;
  profileId: number | null;
};

/** The messages that wait, in order; *id* is null when their conversation is not stored either. */
export type Unsaved = { id: string | null; tasks: Task[] };

const KEY = "mlx-relay.unsaved";

export function putAside(user: number, unsaved: Unsaved[]): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ user, unsaved }));
  } catch {
    // More than a tab may keep: images, most likely. What the requests under way save is all there is.
  }
}

/** What *user* left unsaved in this tab; it is handed out once. */
export function takeBack(user: number): Unsaved[] {
  const text = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  const left = text === null ? null : (JSON.parse(text) as { user: number; unsaved: Unsaved[] });
  return left?.user === user ? left.unsaved : [];
}
