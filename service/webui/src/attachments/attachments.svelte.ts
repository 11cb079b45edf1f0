/** The files of the message that is being written: added, removed, and turned into its content. */
import type { UserContent } from "../chat/content";
import { toParts, type Attachment } from "./parts";
import { readImage, readText } from "./read";
import { judge, type Rules } from "./rules";

type Readers = { image: (file: Blob) => Promise<string>; text: (file: Blob) => Promise<string> };

export class Attachments {
  items = $state.raw<Attachment[]>([]);
  /** Why files were not taken: a sentence each. */
  problems = $state.raw<string[]>([]);
  /** How many files are being read. */
  reading = $state(0);
  readonly #rules: () => Rules;
  readonly #readers: Readers;
  #lastId = 0;

  constructor(rules: () => Rules, readers: Readers = { image: readImage, text: readText }) {
    this.#rules = rules;
    this.#readers = readers;
  }

  get rules(): Rules {
    return this.#rules();
  }

  /** Why the message cannot be sent as it is, or nothing. The profile may change after an image came. */
  get obstacle(): string {
    const hasImage = this.items.some(({ kind }) => kind === "image");
    if (hasImage && !this.rules.seesImages) {
      return "This model cannot see images. Remove the image, or choose another model.";
    }
    return "";
  }

  async add(files: Iterable<File>): Promise<void> {
    this.problems = [];
    await Promise.all([...files].map((file) => this.#addOne(file)));
  }

  remove(id: number): void {
    this.items = this.items.filter((item) => item.id !== id);
    this.problems = [];
  }

  clear(): void {
    this.items = [];
    this.problems = [];
  }

  /** The content of the message with *text*. */
  parts(text: string): UserContent {
    return toParts(text, this.items);
  }

  /** Take files that are pasted; text is pasted as always. */
  paste(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])];
    const hasText = event.clipboardData?.types.includes("text/plain");
    if (files.length === 0 || hasText) return;
    event.preventDefault();
    void this.add(files);
  }

  async #addOne(file: File): Promise<void> {
    const verdict = judge(file, this.items.length + this.reading, this.rules);
    if ("refusal" in verdict) return this.#refuse(verdict.refusal);
    this.reading += 1;
    try {
      const attachment = await this.#read(file, verdict.kind);
      this.items = [...this.items, attachment];
    } catch {
      const what = verdict.kind === "image" ? "an image" : "text";
      this.#refuse(`${file.name}: It cannot be read as ${what}.`);
    } finally {
      this.reading -= 1;
    }
  }

  async #read(file: File, kind: "image" | "text"): Promise<Attachment> {
    const facts = { id: (this.#lastId += 1), name: file.name, size: file.size };
    if (kind === "image") return { ...facts, kind, url: await this.#readers.image(file) };
    return { ...facts, kind, text: await this.#readers.text(file) };
  }

  #refuse(reason: string): void {
    this.problems = [...this.problems, reason];
  }
}
