/** What this browser remembers for its reader: theme, when thinking opens, which key sends. No secrets. */
import type { ThinkingPreference } from "./chat/thinking";

export type Theme = "system" | "light" | "dark";
export type SendKey = "enter" | "mod+enter";

const KEY = "mlx-relay.preferences";

class Preferences {
  theme = $state<Theme>("system");
  thinking = $state<ThinkingPreference>("while thinking");
  sendKey = $state<SendKey>("enter");
  /** The profile chosen last; new chats start with it. */
  profileId = $state<number | null>(null);

  constructor() {
    Object.assign(this, stored());
  }

  /** Writes every change down, and puts the theme on the page. Call it once, in a component. */
  follow(): void {
    $effect(() => {
      const { theme, thinking, sendKey, profileId } = this;
      if (theme === "system") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = theme;
      write(JSON.stringify({ theme, thinking, sendKey, profileId }));
    });
  }
}

function stored(): object {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as object;
  } catch {
    return {};
  }
}

function write(text: string): void {
  try {
    localStorage.setItem(KEY, text);
  } catch {
    // A browser that remembers nothing still chats.
  }
}

export const preferences = new Preferences();
