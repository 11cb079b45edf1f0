// @vitest-environment node
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";

const EXAMPLE = fileURLToPath(new URL("../../examples/chat.ts", import.meta.url));
const DOCUMENT = fileURLToPath(new URL("../../../../docs/page.md", import.meta.url));
const EVENTS = [
  { type: "start", stream_id: "s", profile: "p", model: "m" },
  { type: "thinking", content: "Let me see." },
  { type: "thinking_done", duration: 1.5 },
  { type: "response", content: "Be" },
  { type: "response", content: "cause." },
  { type: "done", finish_reason: "stop" },
];

let server: Server | null = null;
let asked: { authorization: string | undefined; body: unknown };

/** A relay that answers with *events*, and keeps what it was asked. */
async function relay(events: object[]): Promise<string> {
  const made = createServer(async (request, response) => {
    let text = "";
    for await (const piece of request) text += piece;
    asked = { authorization: request.headers.authorization, body: JSON.parse(text) };
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(": heartbeat\n\n");
    events.forEach((event, id) => response.write(`id: ${id}\ndata: ${JSON.stringify(event)}\n\n`));
    response.end();
  });
  server = made;
  await new Promise<void>((listening) => made.listen(0, "127.0.0.1", listening));
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

/** What the example says, run by Node alone, without any build. */
async function chat(events: object[]): Promise<{ stdout: string; stderr: string }> {
  const url = await relay(events);
  return promisify(execFile)(process.execPath, [EXAMPLE, url, "mlxr_key", "3", "Why?"]);
}

afterEach(() => {
  server?.close();
  server = null;
});

test("a client of two files chats", async () => {
  const { stdout } = await chat(EVENTS);
  expect(stdout).toBe("(thought for 1.5s: Let me see.)\nBecause.\n");
  expect(asked).toEqual({
    authorization: "Bearer mlxr_key",
    body: { profile_id: 3, messages: [{ role: "user", content: "Why?" }] },
  });
});

test("it notices a connection that broke", async () => {
  const { stdout, stderr } = await chat(EVENTS.slice(0, 4));
  expect(stdout).toContain("Be");
  expect(stderr).toContain("(disconnected)");
});

test("the documentation shows this very example", () => {
  expect(readFileSync(DOCUMENT, "utf8")).toContain(`\`\`\`ts\n${readFileSync(EXAMPLE, "utf8")}\`\`\`\n`);
});
