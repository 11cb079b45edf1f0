/** A turn in, the line of numbers below it out. Pure. */
import { count, number, seconds } from "../format";
import type { Turn } from "./events";

/** A speed over less than this is noise: a whole answer may come in one piece. */
const SHORTEST_SECONDS = 0.2;

/** Tokens a second between the first part and the end, or null when that cannot be known. */
export function speed(turn: Turn): number | null {
  const tokens = turn.usage?.completion_tokens;
  if (!tokens || turn.firstPartAt === null || turn.endedAt === null) return null;
  const time = (turn.endedAt - turn.firstPartAt) / 1000;
  return time < SHORTEST_SECONDS ? null : tokens / time;
}

/** "312 tokens (120 thinking)", "42.1 tok/s", "first after 0.4s", …: only what is known. */
export function usageTexts(turn: Turn): string[] {
  const texts: string[] = [];
  const { completion_tokens: tokens, reasoning_tokens: thinking } = turn.usage ?? {};
  if (tokens !== undefined) {
    texts.push(count(tokens, "token") + (thinking ? ` (${number(thinking)} thinking)` : ""));
  }
  const perSecond = speed(turn);
  if (perSecond !== null) texts.push(`${number(perSecond, 1)} tok/s`);
  if (turn.firstPartAt !== null) {
    texts.push(`first after ${seconds((turn.firstPartAt - turn.startedAt) / 1000)}`);
  }
  if (turn.finish === "length") texts.push("cut at the token limit");
  return texts;
}
