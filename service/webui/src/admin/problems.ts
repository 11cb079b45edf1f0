/** What the relay said against a form in; which field it means and what is wrong with it out. Pure. */
import { ApiError } from "../api";

export type Problem = { field: string | null; text: string };

/** The relay writes `field: Sentence.` where one field is to blame. */
const FIELD = /^([a-z][a-z_]*(?:\.[a-z_]+)*): (.+)$/s;

/** Rethrows what is no answer of the relay: a mistake of the page. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof ApiError)) throw error;
  const match = error.code === "invalid_request" ? FIELD.exec(error.message) : null;
  return { field: match?.[1] ?? null, text: match?.[2] ?? error.message };
}
