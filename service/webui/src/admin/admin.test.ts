import { describe, expect, test } from "vitest";
import { ApiError } from "../api";
import { problemOf } from "./problems";
import { changesTo, draftOf, newProfile, type AdminProfile } from "./profile-form";

const PROFILE: AdminProfile = {
  id: 4,
  name: "Qwen",
  scheme: "http",
  host: "mac.local",
  port: 8000,
  base_path: "/v1",
  has_api_key: true,
  model_path: "qwen3",
  model_type: "text",
  reasoning_parser: "qwen3",
  tool_parser: null,
  starts_in_thinking: null,
  keeps_reasoning: false,
  deadlines: { connect: 5, response_head: 300, first_event: 600, next_event: 120, total: 1800 },
  max_streams: 0,
  enabled: true,
  status: "up",
};

describe("a profile's form", () => {
  test("that was not touched changes nothing", () => {
    expect(changesTo(PROFILE, draftOf(PROFILE))).toEqual({});
  });

  test("sends only what was changed", () => {
    const draft = {
      ...draftOf(PROFILE),
      port: 8001,
      tool_parser: "hermes",
      starts_in_thinking: "no" as const,
    };
    expect(changesTo(PROFILE, draft)).toEqual({
      port: 8001,
      tool_parser: "hermes",
      starts_in_thinking: false,
    });
  });

  test("never shows the key, keeps it when left empty, replaces and removes it", () => {
    const draft = draftOf(PROFILE);
    expect(draft.api_key).toBe("");
    expect(changesTo(PROFILE, { ...draft, api_key: "new" })).toEqual({ api_key: "new" });
    expect(changesTo(PROFILE, { ...draft, removes_key: true })).toEqual({ api_key: null });
  });

  test("of a new profile sends everything, and a key only when there is one", () => {
    const draft = { ...draftOf(null), name: " Llama ", model_path: "llama" };
    const body = newProfile(draft);
    expect(body).toMatchObject({
      name: "Llama",
      port: 8080,
      reasoning_parser: "auto",
      tool_parser: null,
    });
    expect(body).not.toHaveProperty("api_key");
    expect(newProfile({ ...draft, api_key: "k" })).toHaveProperty("api_key", "k");
  });

  test("sends one deadline with the others", () => {
    const draft = draftOf(PROFILE);
    draft.deadlines.total = 60;
    expect(changesTo(PROFILE, draft)).toEqual({ deadlines: { ...PROFILE.deadlines, total: 60 } });
  });
});

describe("a problem", () => {
  test("belongs to the field that the relay names", () => {
    const error = new ApiError(422, "invalid_request", "deadlines.connect: Expected number > 0.0.");
    expect(problemOf(error)).toEqual({
      field: "deadlines.connect",
      text: "Expected number > 0.0.",
    });
  });

  test("belongs to the whole form otherwise", () => {
    const error = new ApiError(409, "conflict", "That name is taken: choose another.");
    expect(problemOf(error)).toEqual({ field: null, text: "That name is taken: choose another." });
  });

  test("that is a mistake of the page is not hidden", () => {
    expect(() => problemOf(new TypeError("x"))).toThrow(TypeError);
  });
});
