/** A question in, the model's thinking and answer out: `node chat.ts URL KEY PROFILE_ID "Why?"`. */
import { answerText, isLive, newTurn, reduce } from "../src/chat/events.ts";
import { readMessages } from "../src/chat/sse.ts";

const [url, key, profile, question] = process.argv.slice(2);
const response = await fetch(`${url}/api/chat/completions`, {
  method: "POST",
  headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
  body: JSON.stringify({
    profile_id: Number(profile),
    messages: [{ role: "user", content: question }],
  }),
});
if (!response.ok || !response.body) throw new Error(await response.text());

let turn = newTurn(Date.now());
for await (const messages of readMessages(response.body)) {
  for (const { data, id } of messages) {
    turn = reduce(turn, { ...JSON.parse(data), seq: Number(id) }, Date.now());
  }
  process.stderr.write(`${turn.phase}\n`); // a page would draw the turn here
}
// The stream ended without its terminal event: the connection broke.
if (isLive(turn)) turn = reduce(turn, { type: "disconnected" }, Date.now());

for (const part of turn.parts) {
  if (part.kind === "thinking") console.log(`(thought for ${part.duration}s: ${part.text})`);
}
console.log(answerText(turn));
if (turn.error) console.error(`${turn.error.content} (${turn.error.code})`);
