/** Unsent texts by conversation: kept over a reload, gone with the tab. */

const PREFIX = "mlx-relay.draft.";

function key(conversation: string | null): string {
  return PREFIX + (conversation ?? "new");
}

export function readDraft(conversation: string | null): string {
  return sessionStorage.getItem(key(conversation)) ?? "";
}

export function writeDraft(conversation: string | null, text: string): void {
  if (text === "") sessionStorage.removeItem(key(conversation));
  else sessionStorage.setItem(key(conversation), text);
}

export function forgetDrafts(): void {
  for (const each of Object.keys(sessionStorage)) {
    if (each.startsWith(PREFIX)) sessionStorage.removeItem(each);
  }
}
