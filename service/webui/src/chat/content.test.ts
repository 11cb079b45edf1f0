import { expect, test } from "vitest";

import { fileName, withText, writtenText, type UserContent } from "./content";

const CONTENT: UserContent = [
  { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
  { type: "text", text: "[File: notes.txt]\nbuy milk" },
  { type: "text", text: "What is this?" },
];

test("what a person wrote is told from the files", () => {
  expect(writtenText(CONTENT)).toBe("What is this?");
  expect(writtenText("plain")).toBe("plain");
});

test("a file has a name", () => {
  expect(fileName({ type: "text", text: "[File: notes.txt]\nbuy milk" })).toBe("notes.txt");
  expect(fileName({ type: "text", text: "see [File: x]\n" })).toBe(null);
});

test("another text leaves images and files where they are", () => {
  expect(withText(CONTENT, "And now?")).toEqual([
    CONTENT[0],
    CONTENT[1],
    { type: "text", text: "And now?" },
  ]);
  expect(withText(CONTENT, "")).toEqual([CONTENT[0], CONTENT[1]]);
  expect(withText("a", "b")).toBe("b");
});
