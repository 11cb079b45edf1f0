/** What was typed and attached in, the content of a user's message out. Pure. */
import type { ContentPart, UserContent } from "../chat/content";

export type Attachment = { id: number; name: string; size: number } & (
  { kind: "image"; url: string } | { kind: "text"; text: string }
);

/** Attachments come first, as models are taught to read them: then what is asked about them. */
export function toParts(text: string, attachments: Attachment[]): UserContent {
  if (attachments.length === 0) return text;
  const parts = attachments.map(partOf);
  return text === "" ? parts : [...parts, { type: "text", text }];
}

function partOf(attachment: Attachment): ContentPart {
  if (attachment.kind === "image") {
    return { type: "image_url", image_url: { url: attachment.url } };
  }
  const name = attachment.name.replace(/[\r\n\]]/g, " ");
  // The blank line keeps it apart from what follows where a server joins the parts of a text.
  return { type: "text", text: `[File: ${name}]\n${attachment.text.trimEnd()}\n\n` };
}
