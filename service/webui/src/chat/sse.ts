/**
 * The body of a `text/event-stream` response in, its messages out.
 *
 * `EventSource` cannot POST, so this reads a fetch response by the rules of the WHATWG standard.
 * docs/page.md shows a whole client made of it and `events.ts`.
 */

export type Message = { event: string; data: string; id: string };

/** Text in pieces of any size in, whole messages out. A block that no blank line ends is dropped. */
export class Decoder {
  #buffer = "";
  #started = false;
  #data: string[] = [];
  #event = "";
  #id = "";

  feed(text: string): Message[] {
    this.#buffer += text;
    if (!this.#started && this.#buffer !== "") {
      this.#started = true;
      if (this.#buffer.startsWith("\uFEFF")) this.#buffer = this.#buffer.slice(1);
    }
    const messages: Message[] = [];
    // A CR at the very end may be half of a CRLF: it waits for the next text.
    const ends = /\r\n|\n|\r(?!$)/g;
    let start = 0;
    for (let end = ends.exec(this.#buffer); end !== null; end = ends.exec(this.#buffer)) {
      this.#line(this.#buffer.slice(start, end.index), messages);
      start = ends.lastIndex;
    }
    this.#buffer = this.#buffer.slice(start);
    return messages;
  }

  #line(line: string, messages: Message[]): void {
    if (line === "") return this.#dispatch(messages);
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }

  #dispatch(messages: Message[]): void {
    if (this.#data.length > 0) {
      const event = this.#event === "" ? "message" : this.#event;
      messages.push({ event, data: this.#data.join("\n"), id: this.#id });
    }
    this.#data = [];
    this.#event = "";
  }
}

/**
 * The messages of *body*, those of one read together; an empty list is a sign of life (a comment).
 * Ending the loop early cancels the body.
 */
export async function* readMessages(body: ReadableStream<Uint8Array>): AsyncGenerator<Message[]> {
  const reader = body.getReader();
  const utf8 = new TextDecoder();
  const decoder = new Decoder();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield decoder.feed(utf8.decode(value, { stream: true }));
    }
  } finally {
    // The body of an aborted fetch refuses to be cancelled; it is over anyway.
    await reader.cancel().catch(() => {});
  }
}
