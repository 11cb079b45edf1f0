import { afterEach, expect, test, vi } from "vitest";

import { ApiError, onSignedOut, request } from "./api";

type Call = { method: string; path: string; keepalive: boolean };

/** A relay that gives *answers* in turn, by path. */
function relay(answers: Record<string, (Response | Error)[]>): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", async (path: string, { method, keepalive }: RequestInit) => {
    calls.push({ method: method!, path, keepalive: keepalive! });
    const answer = answers[path]!.shift()!;
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return calls;
}

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
const refused = (status: number) =>
  json({ error: { code: "unauthorized", message: "Sign in.", request_id: "r1" } }, status);

afterEach(() => {
  vi.unstubAllGlobals();
  onSignedOut(() => {});
});

test("the parsed answer comes back, and nothing for an empty one", async () => {
  relay({ "/a": [json({ b: 1 }), new Response(null, { status: 204 })] });
  expect(await request("GET", "/a")).toEqual({ b: 1 });
  expect(await request("DELETE", "/a")).toBe(undefined);
});

test("a session that ran out is renewed once, and the call made again", async () => {
  const calls = relay({ "/a": [refused(401), json(7)], "/api/auth/refresh": [json({})] });
  expect(await request("GET", "/a")).toBe(7);
  expect(calls.map(({ path }) => path)).toEqual(["/a", "/api/auth/refresh", "/a"]);
});

test("calls that fail together share one renewal", async () => {
  const calls = relay({
    "/a": [refused(401), json(1)],
    "/b": [refused(401), json(2)],
    "/api/auth/refresh": [json({})],
  });
  expect(await Promise.all([request("GET", "/a"), request("GET", "/b")])).toEqual([1, 2]);
  expect(calls.filter(({ path }) => path === "/api/auth/refresh")).toHaveLength(1);
});

test("the answer that renews a session is read, so that its connection is free", async () => {
  const renewal = json({});
  relay({ "/a": [refused(401), json(1)], "/api/auth/refresh": [renewal] });
  await request("GET", "/a");
  expect(renewal.bodyUsed).toBe(true);
});

test("a session that cannot be renewed signs out", async () => {
  const signedOut = vi.fn();
  onSignedOut(signedOut);
  relay({ "/a": [refused(401)], "/api/auth/refresh": [refused(401)] });
  await expect(request("GET", "/a")).rejects.toMatchObject({ status: 401, requestId: "r1" });
  expect(signedOut).toHaveBeenCalledOnce();
});

test("a wrong password is no reason to renew", async () => {
  const calls = relay({ "/api/auth/login": [refused(401)] });
  await expect(request("POST", "/api/auth/login", {})).rejects.toBeInstanceOf(ApiError);
  expect(calls).toHaveLength(1);
});

test("an answer that is not the relay's has a code of its own", async () => {
  relay({ "/a": [new Response("<html>", { status: 502 })] });
  await expect(request("GET", "/a")).rejects.toMatchObject({ status: 502, code: "http_502" });
});

test("no answer at all is unreachable", async () => {
  relay({ "/a": [new TypeError("Load failed")] });
  await expect(request("GET", "/a")).rejects.toMatchObject({ status: 0, code: "unreachable" });
});

test.each([
  ["PUT", "x".repeat(50_000), true],
  ["PUT", "ü".repeat(50_000), false],
  ["PUT", "x".repeat(70_000), false],
  ["POST", "x", false],
])("a small %s outlives its page, and nothing else does", async (method, text, keepalive) => {
  const calls = relay({ "/a": [json(1)] });
  await request(method, "/a", text);
  expect(calls.map((call) => call.keepalive)).toEqual([keepalive]);
});

test("what finds no room among those that outlive the page is sent as usual", async () => {
  const calls = relay({ "/a": [new TypeError("quota"), json(1)] });
  expect(await request("PUT", "/a", "x")).toBe(1);
  expect(calls.map((call) => call.keepalive)).toEqual([true, false]);
});
