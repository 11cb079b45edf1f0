/** A profile in, the texts and choices of its form out; and the other way, as the relay takes it. Pure. */

export type Deadlines = {
  connect: number;
  response_head: number;
  first_event: number;
  next_event: number;
  total: number;
};

/** What an administrator sees of a profile: all but its key. */
export type AdminProfile = {
  id: number;
  name: string;
  scheme: "http" | "https";
  host: string;
  port: number;
  base_path: string;
  has_api_key: boolean;
  model_path: string;
  model_type: "text" | "multimodal";
  reasoning_parser: string | null;
  tool_parser: string | null;
  starts_in_thinking: boolean | null;
  keeps_reasoning: boolean;
  deadlines: Deadlines;
  max_streams: number;
  enabled: boolean;
  status: "up" | "down" | "unknown";
};

export type ProfileDraft = {
  name: string;
  scheme: "http" | "https";
  host: string;
  port: number | null;
  base_path: string;
  /** Empty leaves the key that is stored. */
  api_key: string;
  removes_key: boolean;
  model_path: string;
  model_type: "text" | "multimodal";
  reasoning_parser: string;
  tool_parser: string;
  starts_in_thinking: "" | "yes" | "no";
  keeps_reasoning: boolean;
  max_streams: number | null;
  deadlines: Record<keyof Deadlines, number | null>;
};

export const DEADLINES: Record<keyof Deadlines, string> = {
  connect: "To connect",
  response_head: "Until the server answers",
  first_event: "Until the first thought or word",
  next_event: "Between two of them",
  total: "For the whole answer",
};

const DEFAULTS: Omit<AdminProfile, "id" | "status"> = {
  name: "",
  scheme: "http",
  host: "127.0.0.1",
  port: 8080,
  base_path: "/v1",
  has_api_key: false,
  model_path: "",
  model_type: "text",
  reasoning_parser: "auto",
  tool_parser: null,
  starts_in_thinking: null,
  keeps_reasoning: false,
  deadlines: { connect: 5, response_head: 300, first_event: 600, next_event: 120, total: 1800 },
  max_streams: 0,
  enabled: true,
};

export function draftOf(profile: AdminProfile | null): ProfileDraft {
  const { has_api_key: _, enabled: __, ...fields } = { ...DEFAULTS, ...profile };
  return {
    ...fields,
    api_key: "",
    removes_key: false,
    reasoning_parser: fields.reasoning_parser ?? "none",
    tool_parser: fields.tool_parser ?? "none",
    starts_in_thinking: choiceOf(fields.starts_in_thinking),
    deadlines: { ...fields.deadlines },
  };
}

/** The whole form, for a new profile. */
export function newProfile(draft: ProfileDraft): Record<string, unknown> {
  const body = bodyOf(draft);
  return draft.api_key === "" ? body : { ...body, api_key: draft.api_key };
}

/** Only what differs from *profile*; empty when nothing does. */
export function changesTo(profile: AdminProfile, draft: ProfileDraft): Record<string, unknown> {
  const before: Record<string, unknown> = bodyOf(draftOf(profile));
  const changed = Object.entries(bodyOf(draft)).filter(
    ([name, value]) => !isSame(value, before[name]),
  );
  return { ...Object.fromEntries(changed), ...keyChange(draft) };
}

function keyChange({ api_key, removes_key }: ProfileDraft): Record<string, unknown> {
  if (removes_key) return { api_key: null };
  return api_key === "" ? {} : { api_key };
}

function bodyOf(draft: ProfileDraft): Record<string, unknown> {
  return {
    name: draft.name.trim(),
    scheme: draft.scheme,
    host: draft.host.trim(),
    port: draft.port,
    base_path: draft.base_path.trim(),
    model_path: draft.model_path.trim(),
    model_type: draft.model_type,
    reasoning_parser: parserOf(draft.reasoning_parser),
    tool_parser: parserOf(draft.tool_parser),
    starts_in_thinking: { "": null, yes: true, no: false }[draft.starts_in_thinking],
    keeps_reasoning: draft.keeps_reasoning,
    max_streams: draft.max_streams,
    deadlines: { ...draft.deadlines },
  };
}

function parserOf(name: string): string | null {
  const trimmed = name.trim();
  return trimmed === "" || trimmed === "none" ? null : trimmed;
}

function choiceOf(value: boolean | null): "" | "yes" | "no" {
  if (value === null) return "";
  return value ? "yes" : "no";
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
