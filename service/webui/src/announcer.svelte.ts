/** What screen readers should say: phases, never tokens. Announcer.svelte puts it on the page. */

class Announcer {
  /** Said when the reader is silent. */
  status = $state("");
  /** Said at once, and shown: what went wrong outside of a chat. */
  problem = $state<string | null>(null);

  say(text: string): void {
    this.status = text;
  }

  fail(text: string): void {
    this.problem = text;
  }
}

export const announcer = new Announcer();
