/** Another person signed in: what belonged to the one before leaves the page. */
import { conversations } from "../chat/conversations.svelte";
import { current } from "../chat/current.svelte";
import { forgetDrafts } from "../chat/drafts";

export function forgetUser(): void {
  current.forget();
  conversations.forget();
  forgetDrafts();
}
