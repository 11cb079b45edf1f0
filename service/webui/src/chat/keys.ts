/** Key presses in, what they mean out. Pure. */
import type { SendKey } from "../preferences.svelte";

type Press = Pick<
  KeyboardEvent,
  "key" | "isComposing" | "keyCode" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey"
>;

/** Safari ends a composition before it tells of its last key, which has this code. */
const COMPOSING_CODE = 229;

/** Does this press send the message? Never while an input method composes: its Enter picks a word. */
export function isSendKey(press: Press, sendKey: SendKey): boolean {
  if (press.key !== "Enter" || press.isComposing || press.keyCode === COMPOSING_CODE) return false;
  if (press.ctrlKey || press.metaKey) return true;
  return sendKey === "enter" && !press.shiftKey && !press.altKey;
}
