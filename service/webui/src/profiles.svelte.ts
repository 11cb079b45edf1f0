/** The profiles that this user may chat with, and the chosen one. */
import { request } from "./api";
import { preferences } from "./preferences.svelte";

export type Profile = {
  id: number;
  name: string;
  model_path: string;
  model_type: "text" | "multimodal";
  status: "up" | "down" | "unknown";
  /** Only administrators see it, and profiles that are off. */
  enabled?: boolean;
};

class Profiles {
  list = $state.raw<Profile[]>([]);
  loaded = $state(false);

  get chosen(): Profile | null {
    return this.list.find(({ id }) => id === preferences.profileId) ?? this.list[0] ?? null;
  }

  async load(): Promise<void> {
    const all = await request<Profile[]>("GET", "/api/profiles");
    this.list = all.filter(({ enabled }) => enabled !== false);
    this.loaded = true;
  }

  choose(id: number): void {
    if (this.list.some((profile) => profile.id === id)) preferences.profileId = id;
  }
}

export const profiles = new Profiles();
