/**
 * The answers that grow when the page goes away in; the same out when it comes back.
 *
 * In the tab's own storage, and only what finds them again at the relay: it has their text.
 */

export type RunningAnswer = {
  streamId: string;
  conversation: string;
  /** Which message of the conversation it is. */
  position: number;
  profileId: number;
  startedAt: number;
};

type Kept = { user: number; answers: RunningAnswer[] };

const KEY = "mlx-relay.running";

/** Note all answers of *user* that grow now; those that were noted before and are over go. */
export function noteRunning(user: number, answers: RunningAnswer[]): void {
  if (answers.length === 0) return sessionStorage.removeItem(KEY);
  const kept: Kept = { user, answers };
  sessionStorage.setItem(KEY, JSON.stringify(kept));
}

/** The answer of *user* that grew in *conversation*; it is handed out once. */
export function takeRunning(user: number, conversation: string): RunningAnswer | null {
  const text = sessionStorage.getItem(KEY);
  const kept = text === null ? null : (JSON.parse(text) as Kept);
  if (kept?.user !== user) return null;
  const found = kept.answers.find((answer) => answer.conversation === conversation) ?? null;
  noteRunning(
    user,
    kept.answers.filter((answer) => answer !== found),
  );
  return found;
}
