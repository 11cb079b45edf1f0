/** The address after the # in, the page to show out; and the other way when the page moves on. */

export type Route =
  | { page: "chat"; conversation: string | null }
  | { page: "admin" }
  | { page: "metrics" };

export function parse(hash: string): Route {
  const [page, id] = hash.replace(/^#\/?/, "").split("/");
  if (page === "admin" || page === "metrics") return { page };
  return { page: "chat", conversation: page === "chat" && id ? decodeURIComponent(id) : null };
}

export function chatAddress(conversation: string | null): string {
  return conversation === null ? "#/chat" : `#/chat/${encodeURIComponent(conversation)}`;
}

class Router {
  route = $state.raw<Route>(parse(location.hash));

  constructor() {
    addEventListener("hashchange", () => (this.route = parse(location.hash)));
  }

  go(address: string): void {
    location.hash = address;
  }

  /** Show another address for what is on the page already, as when a new chat gets its id. */
  rename(address: string): void {
    history.replaceState(null, "", address);
    this.route = parse(address);
  }
}

export const router = new Router();
