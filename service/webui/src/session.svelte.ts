/** Who is signed in: asks the relay, signs in and out; everything else of the page waits for `me`. */
import { ApiError, onSignedOut, request } from "./api";
import { loadConfig, type Config } from "./config";

export type Account = { id: number; name: string; role: "admin" | "user" };

class Session {
  /** undefined until the relay has said who this is; null is nobody. */
  me = $state.raw<Account | null | undefined>(undefined);
  config = $state.raw<Config | null>(null);
  /** Why the relay could not be asked. */
  problem = $state<string | null>(null);

  constructor() {
    onSignedOut(() => (this.me = null));
  }

  get isAdmin(): boolean {
    return this.me?.role === "admin";
  }

  async load(): Promise<void> {
    this.problem = null;
    try {
      const me = await request<Account>("GET", "/api/auth/me");
      this.config = await loadConfig();
      this.me = me;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== 401) this.problem = error.message;
    }
  }

  async signIn(username: string, password: string): Promise<void> {
    await request("POST", "/api/auth/login", { username, password });
    await this.load();
  }

  async signOut(): Promise<void> {
    await request("POST", "/api/auth/logout", {}).catch(() => {});
    this.me = null;
  }
}

export const session = new Session();
