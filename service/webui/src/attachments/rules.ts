/** A file and what the profile and the relay allow in; what it is taken as, or why not, out. Pure. */
import { bytes } from "../format";

export type Rules = {
  seesImages: boolean;
  maxAttachments: number;
  imageTypes: string[];
};

export type FileFacts = { name: string; type: string; size: number };

export type Verdict = { kind: "image" | "text" } | { refusal: string };

/** Before it is made smaller; above this a browser may run out of memory on a phone. */
export const MAX_IMAGE_BYTES = 30_000_000;
/** About 100,000 tokens: more than most local models can read. */
export const MAX_TEXT_BYTES = 400_000;

const TEXT_TYPES = /^text\/|^application\/(?:json|xml|javascript|toml|yaml|x-yaml|x-sh|sql)\b/;

/** Browsers know no type for most source files. */
const TEXT_ENDINGS =
  "txt md markdown rst log csv tsv json jsonl yaml yml toml ini cfg conf env xml html css scss js mjs " +
  "cjs jsx ts tsx svelte vue py pyi ipynb rb php java kt c h cc cpp hpp m mm cs go rs swift scala lua r " +
  "jl sql sh bash zsh fish ps1 bat tex bib diff patch dockerfile makefile gitignore srt vtt";

const ENDINGS = new Set(TEXT_ENDINGS.split(" "));

export function judge(file: FileFacts, attached: number, rules: Rules): Verdict {
  if (attached >= rules.maxAttachments) {
    return { refusal: `${file.name}: At most ${rules.maxAttachments} files fit in one message.` };
  }
  if (rules.imageTypes.includes(file.type)) return judgeImage(file, rules);
  if (file.type.startsWith("image/")) {
    return {
      refusal: `${file.name}: Pictures of this kind cannot be attached, only ${names(rules)}.`,
    };
  }
  if (isText(file)) return judgeText(file);
  return { refusal: `${file.name}: Only images and text files can be attached.` };
}

function judgeImage(file: FileFacts, rules: Rules): Verdict {
  if (!rules.seesImages) return { refusal: `${file.name}: This model cannot see images.` };
  if (file.size <= MAX_IMAGE_BYTES) return { kind: "image" };
  return { refusal: tooLarge(file, MAX_IMAGE_BYTES) };
}

function judgeText(file: FileFacts): Verdict {
  if (file.size === 0) return { refusal: `${file.name}: The file is empty.` };
  if (file.size <= MAX_TEXT_BYTES) return { kind: "text" };
  return { refusal: tooLarge(file, MAX_TEXT_BYTES) };
}

/** For the file picker: what it offers first. */
export function accept({ seesImages, imageTypes }: Rules): string {
  const endings = [...ENDINGS].map((ending) => `.${ending}`);
  return [...(seesImages ? imageTypes : []), "text/*", ...endings].join(",");
}

/** What may be attached, said before anything is. */
export function limits(rules: Rules): string {
  const kinds = rules.seesImages
    ? "images and text files"
    : "text files (this model sees no images)";
  return `Attach ${kinds}, at most ${rules.maxAttachments}`;
}

export function isText({ name, type }: FileFacts): boolean {
  const ending = name.toLowerCase().split(".").at(-1) ?? "";
  return TEXT_TYPES.test(type) || ENDINGS.has(ending);
}

function tooLarge(file: FileFacts, limit: number): string {
  return `${file.name}: ${bytes(file.size)} is too much, the limit is ${bytes(limit)}.`;
}

function names({ imageTypes }: Rules): string {
  return imageTypes.map((type) => type.replace("image/", "").toUpperCase()).join(", ");
}
