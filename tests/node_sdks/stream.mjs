// Requests on stdin as JSON; what the AI SDK's streaming helper makes of each, as JSON, on stdout.
//
// In:  {baseURL, apiKey, requests: [{model, messages, options, tools: [[name, schema]]}]}
// Out: [{text, reasoning, calls: [{name, input}], finishReason, usage, error: {status, code, message}}]

import { text } from "node:stream/consumers";

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { jsonSchema, streamText, tool } from "ai";

const { baseURL, apiKey, requests } = JSON.parse(await text(process.stdin));
const relay = createOpenAICompatible({ name: "relay", baseURL, apiKey, includeUsage: true });

async function answer({ model, messages, options = {}, tools = [] }) {
  const found = { text: "", reasoning: "", calls: [], finishReason: null, usage: null, error: null };
  const stream = streamText({
    model: relay(model),
    messages,
    tools: Object.fromEntries(tools.map(([name, schema]) => [name, tool({ inputSchema: jsonSchema(schema) })])),
    providerOptions: { relay: options },
    maxRetries: 0,
    onError: () => {},
  });
  for await (const part of stream.fullStream) {
    if (part.type === "text-delta") found.text += part.text;
    if (part.type === "reasoning-delta") found.reasoning += part.text;
    if (part.type === "tool-call") found.calls.push({ name: part.toolName, input: part.input });
    if (part.type === "finish") Object.assign(found, { finishReason: part.finishReason, usage: part.totalUsage });
    if (part.type === "error") found.error = describe(part.error);
  }
  return found;
}

// A refused request is an error with a status and a body; one in mid-stream is its sentence alone.
function describe(error) {
  const body = error.responseBody ? JSON.parse(error.responseBody).error : {};
  return { status: error.statusCode ?? null, code: body.code ?? null, message: error.message ?? String(error) };
}

const answers = [];
for (const request of requests) answers.push(await answer(request));
console.log(JSON.stringify(answers));
