import { describe, expect, test } from "vitest";
import { Attachments } from "./attachments.svelte";
import { toParts } from "./parts";
import { readText } from "./read";
import { accept, judge, limits, MAX_IMAGE_BYTES, MAX_TEXT_BYTES, type Rules } from "./rules";

const SEEING: Rules = {
  seesImages: true,
  maxAttachments: 3,
  imageTypes: ["image/png", "image/jpeg", "image/webp", "image/gif"],
};
const BLIND: Rules = { ...SEEING, seesImages: false };

function facts(name: string, type = "", size = 10) {
  return { name, type, size };
}

describe("what may be attached", () => {
  test("an image, where the model sees images", () => {
    expect(judge(facts("a.png", "image/png"), 0, SEEING)).toEqual({ kind: "image" });
    expect(judge(facts("a.png", "image/png"), 0, BLIND)).toEqual({
      refusal: "a.png: This model cannot see images.",
    });
  });

  test.each(["notes.md", "Makefile", "main.RS", ".gitignore", "data.csv"])(
    "%s, whose type no browser knows, as text",
    (name) => expect(judge(facts(name), 0, BLIND)).toEqual({ kind: "text" }),
  );

  test.each([
    ["a fourth file", facts("d.txt"), 3, "At most 3 files"],
    ["a drawing that could hold scripts", facts("a.svg", "image/svg+xml"), 0, "only PNG, JPEG"],
    ["a picture no server reads", facts("a.heic", "image/heic"), 0, "only PNG, JPEG"],
    ["a program", facts("a.exe", "application/x-msdownload"), 0, "Only images and text files"],
    ["an empty text", facts("a.txt", "text/plain", 0), 0, "empty"],
    ["a long text", facts("a.txt", "", MAX_TEXT_BYTES + 1), 0, "the limit is 400 kB"],
    ["a huge image", facts("a.png", "image/png", MAX_IMAGE_BYTES + 1), 0, "the limit is 30.0 MB"],
  ])("not %s", (_what, file, attached, reason) => {
    const verdict = judge(file, attached, SEEING);
    expect("refusal" in verdict && verdict.refusal).toContain(reason);
    expect("refusal" in verdict && verdict.refusal).toContain(file.name);
  });

  test("the picker offers images only where the model sees them", () => {
    expect(accept(SEEING)).toContain("image/png");
    expect(accept(BLIND)).not.toContain("image/");
    expect(limits(SEEING)).toBe("Attach images and text files, at most 3");
    expect(limits(BLIND)).toContain("sees no images");
  });
});

describe("the content of a message", () => {
  const image = {
    id: 1,
    name: "a.png",
    size: 3,
    kind: "image",
    url: "data:image/png;base64,AA==",
  } as const;
  const file = { id: 2, name: "a]\n.txt", size: 3, kind: "text", text: "one\ntwo" } as const;

  test("without attachments is the text", () => {
    expect(toParts("hello", [])).toBe("hello");
  });

  test("has files and images before the text", () => {
    expect(toParts("look", [file, image])).toEqual([
      { type: "text", text: "[File: a  .txt]\none\ntwo\n\n" },
      { type: "image_url", image_url: { url: image.url } },
      { type: "text", text: "look" },
    ]);
  });

  test("needs no text", () => {
    expect(toParts("", [image])).toHaveLength(1);
  });
});

describe("attachments", () => {
  const readers = {
    image: async () => "data:image/png;base64,AA==",
    text: readText,
  };

  function fileOf(name: string, type = "text/plain", data: BlobPart = "text"): File {
    return new File([data], name, { type });
  }

  test("of one drop stay within the limit", async () => {
    const attachments = new Attachments(() => SEEING, readers);
    await attachments.add(["a", "b", "c", "d"].map((name) => fileOf(`${name}.txt`)));
    expect(attachments.items.map(({ name }) => name)).toEqual(["a.txt", "b.txt", "c.txt"]);
    expect(attachments.problems).toEqual(["d.txt: At most 3 files fit in one message."]);
    expect(attachments.reading).toBe(0);
  });

  test("that are no text are refused", async () => {
    const attachments = new Attachments(() => SEEING, readers);
    await attachments.add([fileOf("a.txt", "", new Uint8Array([0xff, 0xfe]))]);
    expect(attachments.items).toEqual([]);
    expect(attachments.problems).toEqual(["a.txt: It cannot be read as text."]);
  });

  test("are forgotten one by one and all at once", async () => {
    const attachments = new Attachments(() => SEEING, readers);
    await attachments.add([fileOf("a.txt"), fileOf("b.txt")]);
    attachments.remove(attachments.items[0]?.id ?? 0);
    expect(attachments.items.map(({ name }) => name)).toEqual(["b.txt"]);
    attachments.clear();
    expect(attachments.items).toEqual([]);
  });

  test("with an image stand in the way when the model changes to one that is blind", async () => {
    let rules = SEEING;
    const attachments = new Attachments(() => rules, readers);
    await attachments.add([fileOf("a.png", "image/png")]);
    expect(attachments.obstacle).toBe("");
    rules = BLIND;
    expect(attachments.obstacle).toContain("cannot see images");
  });
});
