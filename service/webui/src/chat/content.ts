/** What a person sends, as the relay's chat form takes it: a text, or parts with images. Pure. */

export type TextContent = { type: "text"; text: string };
export type ImageContent = { type: "image_url"; image_url: { url: string } };
export type ContentPart = TextContent | ImageContent;
export type UserContent = string | ContentPart[];

export const IMAGE_LEFT_OUT = "[An image was here; this model cannot see images.]";

export function partsOf(content: UserContent): ContentPart[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

/** The file that a text part inlines ("[File: name]\n..."), or null for what the person wrote. */
export function fileName(part: TextContent): string | null {
  return /^\[File: ([^\n]*)\]\n/.exec(part.text)?.[1] ?? null;
}

/** What the person wrote, without files and images. */
export function writtenText(content: UserContent): string {
  if (typeof content === "string") return content;
  const texts = content.filter((part) => part.type === "text" && fileName(part) === null);
  return texts.map((part) => (part as TextContent).text).join("\n\n");
}

/** The same content with another text; images and files stay. */
export function withText(content: UserContent, text: string): UserContent {
  if (typeof content === "string") return text;
  const rest = content.filter((part) => part.type !== "text" || fileName(part) !== null);
  return text === "" ? rest : [...rest, { type: "text", text }];
}

export function withoutImages(content: UserContent): UserContent {
  if (typeof content === "string") return content;
  return content.map((part) =>
    part.type === "image_url" ? { type: "text", text: IMAGE_LEFT_OUT } : part,
  );
}

/** Two messages of one person in a row, as one: some chat templates refuse them apart. */
export function joined(first: UserContent, second: UserContent): UserContent {
  if (typeof first === "string" && typeof second === "string") return `${first}\n\n${second}`;
  return [...partsOf(first), ...partsOf(second)];
}
