/**
 * The service's JSON schema of its events in, the page's TypeScript types of them out.
 * With --check it writes nothing and fails when the types are not those of the schema.
 */
import { readFileSync, writeFileSync } from "node:fs";

const SCHEMA = new URL("../src/chat/events.schema.json", import.meta.url);
const TYPES = new URL("../src/chat/events.generated.ts", import.meta.url);
const HEAD = "/** The events of a chat stream, written by `npm run event-types` from events.schema.json. */\n";

const SIMPLE = { string: "string", integer: "number", number: "number", boolean: "boolean" };

/** @param {string} reference */
const named = (reference) => reference.replace("#/$defs/", "");

/** @param {Record<string, any>} schema */
function typeOf(schema) {
  if (schema.$ref) return named(schema.$ref);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const simple = SIMPLE[schema.type];
  if (!simple) throw new Error(`no TypeScript type for ${JSON.stringify(schema)}`);
  return simple;
}

/** @param {Record<string, any>} schema */
function interfaceOf(schema) {
  const fields = Object.entries(schema.properties).map(([name, field]) => {
    const mark = schema.required.includes(name) ? "" : "?";
    return `  ${name}${mark}: ${typeOf(field)};\n`;
  });
  return `/** ${schema.description} */\nexport interface ${schema.title} {\n${fields.join("")}}\n`;
}

const schema = JSON.parse(readFileSync(SCHEMA, "utf8"));
const interfaces = Object.values(schema.$defs).map(interfaceOf);
const union = schema.oneOf.map((one) => named(one.$ref)).join("\n  | ");
const text = `${HEAD}\n${interfaces.join("\n")}\n/** ${schema.description} */\nexport type WireEvent =\n  | ${union};\n`;

if (!process.argv.includes("--check")) writeFileSync(TYPES, text);
else if (readFileSync(TYPES, "utf8") !== text) {
  console.error("events.generated.ts is not what events.schema.json says: npm run event-types");
  process.exit(1);
}
