/** A thinking part and the reader's preference in; whether its bubble is open, and its label, out. Pure. */
import { seconds } from "../format";
import { t } from "../t";
import type { ThinkingPart } from "./events";

/** When a thinking bubble opens by itself. */
export type ThinkingPreference = "while thinking" | "never" | "always";

/** The reader's own choice wins, for ever. */
export function thinkingOpen(part: ThinkingPart, preference: ThinkingPreference): boolean {
  if (part.userOpen !== null) return part.userOpen;
  if (preference === "while thinking") return part.state === "streaming";
  return preference === "always";
}

export function thinkingLabel({ state, duration }: ThinkingPart): string {
  if (state === "streaming") return t.thinking;
  const label = duration === null ? t.thought : t.thoughtFor(seconds(duration));
  return state === "interrupted" ? `${label} (${t.stopped})` : label;
}
