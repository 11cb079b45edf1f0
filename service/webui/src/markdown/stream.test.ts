import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LiveMarkdown } from "./stream";

const MIXED = `# Title

Some **bold** text, *soft* text and \`code\` with a [link](https://example.org/a_(b) "t").
Second line of it.

- one
- two with **bold**
  - nested one
  - nested two

    a paragraph in it
- [ ] to do
- [x] done

1. first

2. second
3. third
\`\`\`python
def f(x):
    """Text."""

    return x + 1
\`\`\`
After the code.

| a | b |
|---|:-:|
| 1 | \`x|y\` |
| **2** | 3 |

> quoted
lazy
> - list in it

Above a rule
---

~~~
tilde \`\`\` inside
~~~

    indented code

    more

Formula $a_1 + b$ costs $5 and $10.

$$
\\begin{aligned}
a &= b \\\\
+ c
\\end{aligned}
$$

<script>alert(1)</script> & &amp; &copy; <b>x</b>

- item
+ other list
* third list
***
![alt](https://example.org/x.png) and https://example.org/auto.

[1]: https://example.org/def
* a

  b
* c
\`\`\`
never closed
  x
`;

function whole(text: string, finish = true): HTMLElement {
  return fed([text], finish);
}

function fed(pieces: Iterable<string>, finish = true): HTMLElement {
  const root = document.createElement("div");
  const live = new LiveMarkdown(root);
  for (const piece of pieces) live.append(piece);
  if (finish) live.finish();
  return root;
}

function sized(text: string, size: number): string[] {
  const pieces = [];
  for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size));
  return pieces;
}

/** Small, fast and the same on every run. */
function generator(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    return (seed >>> 8) / 2 ** 24;
  };
}

function randomly(text: string, random: () => number): string[] {
  const pieces = [];
  for (let at = 0; at < text.length;) {
    const size = 1 + Math.floor(random() ** 3 * 30);
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}

const SCRAPS = [
  "a",
  "word",
  " ",
  "  ",
  "    ",
  "\n",
  "\n",
  "\n\n",
  "- ",
  "* ",
  "+ ",
  "1. ",
  "2) ",
  "> ",
  "# ",
  "## ",
  "---",
  "***",
  "===",
  "```",
  "```js\n",
  "~~~",
  "`",
  "**",
  "*",
  "_",
  "~~",
  "| a | b |\n",
  "|---|---|\n",
  "| c |",
  "[x](https://e.org)",
  "[x]",
  "](",
  "![",
  "$$",
  "\\[",
  "\\]",
  "$x$",
  "\\",
  "<b>",
  "<!--",
  "&lt;",
  "\t",
  "[a]: http://b.c\n",
  "\r\n",
  "\r",
  "http://a.b",
  "- [ ] ",
  "- [x] ",
  "\u2028",
  "é",
  "🙂",
];

// The clock stands still: no view is dear, so every piece is shown at once.
beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

describe("any cut of the text gives the same document", () => {
  const expected = whole(MIXED).innerHTML;

  test.each([1, 2, 3, 7, 50, 1000])("in pieces of %i", (size) => {
    expect(fed(sized(MIXED, size)).innerHTML).toBe(expected);
  });

  test("cut anywhere", () => {
    const random = generator(7);
    for (let round = 0; round < 20; round += 1) {
      expect(fed(randomly(MIXED, random)).innerHTML).toBe(expected);
    }
  });

  test("for texts made of scraps of syntax", () => {
    const random = generator(11);
    for (let round = 0; round < 80; round += 1) {
      const length = 2 + Math.floor(random() * 28);
      const scraps = Array.from({ length }, () => SCRAPS[Math.floor(random() * SCRAPS.length)]);
      const text = scraps.join("");
      const once = whole(text).innerHTML;
      expect(fed(sized(text, 1)).innerHTML, JSON.stringify(text)).toBe(once);
      expect(fed(randomly(text, random)).innerHTML, JSON.stringify(text)).toBe(once);
    }
  }, 60_000);
});

/** What stands in the page after each piece. */
function views(pieces: string[]): string[] {
  const root = document.createElement("div");
  const live = new LiveMarkdown(root);
  return pieces.map((piece) => {
    live.append(piece);
    return root.textContent ?? "";
  });
}

describe("while the text grows", () => {
  test("a finished block stays the same node", () => {
    const root = document.createElement("div");
    const live = new LiveMarkdown(root);
    live.append("First.\n\n```js\nlet x\n```\nSec");
    const [paragraph, code] = root.children;
    const text = paragraph?.firstChild;
    for (const piece of sized("ond **bold**.\n\n- a\n- b\n\nLast.", 1)) live.append(piece);
    live.finish();
    expect(root.children[0]).toBe(paragraph);
    expect(root.children[0]?.firstChild).toBe(text);
    expect(root.children[1]).toBe(code);
  });

  test("nothing but the growing end is removed", async () => {
    const root = document.createElement("div");
    const live = new LiveMarkdown(root);
    live.append("Done.\n\nNext");
    const done = root.firstChild!;
    const records: MutationRecord[] = [];
    const observer = new MutationObserver((seen) => records.push(...seen));
    observer.observe(root, { childList: true, subtree: true, characterData: true });
    for (const piece of sized(" *soft*\n\n| a |\n|---|\n| 1 |\n\nend", 2)) live.append(piece);
    records.push(...observer.takeRecords());
    expect(records.some((record) => done.contains(record.target))).toBe(false);
  });

  test("a paragraph that settles is the node that was shown", () => {
    const root = document.createElement("div");
    const live = new LiveMarkdown(root);
    live.append("Some te");
    const shown = root.firstChild;
    live.append("xt.\n\nMore");
    expect(root.firstChild).toBe(shown);
  });

  test("finished items of a list stay the same nodes", () => {
    const root = document.createElement("div");
    const live = new LiveMarkdown(root);
    live.append("- one\n- two\n- thr");
    const first = root.querySelector("li");
    live.append("ee\n- four\n\n\n- five");
    live.finish();
    expect(root.querySelectorAll("ul > li")).toHaveLength(5);
    expect(root.querySelector("li")).toBe(first);
  });

  test("half-written emphasis, code and links never show their signs", () => {
    const text =
      "A **bold *and soft* word**, `co de`, ~~gone~~ and [a link](https://e.org/x_y) end.";
    for (const view of views(sized(text, 1))) expect(view).not.toMatch(/[*`~[\]()]|https/);
  });

  test("signs that mean nothing show in the end", () => {
    expect(whole("2 * 3 and a_b and **open").textContent).toBe("2 * 3 and a_b and **open");
  });

  test("a table shows as a table or not at all", () => {
    for (const view of views(sized("See:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", 1))) {
      expect(view).not.toContain("|-");
      expect(view.replace(/\|\s*$/, "")).not.toContain("|");
    }
  });

  test("the lines of an open code block show as they come", () => {
    const seen = views(["```js\nlet a", " = 1\nlet b\n``", "`\n"]);
    expect(seen.map((view) => view.replace("jsCopy", ""))).toEqual([
      "let a",
      "let a = 1\nlet b",
      "let a = 1\nlet b",
    ]);
  });

  test("a view that was dear is followed by a pause", () => {
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
    const root = document.createElement("div");
    const live = new LiveMarkdown(root);
    const slow = vi.spyOn(performance, "now").mockReturnValueOnce(0).mockReturnValueOnce(0);
    slow.mockReturnValueOnce(100).mockReturnValue(100);
    live.append("one");
    live.append(" two");
    expect(root.textContent).toBe("one");
    vi.advanceTimersByTime(400);
    expect(root.textContent).toBe("one two");
  });
});

describe("code", () => {
  test("is highlighted when its fence is closed, with no HTML parsed", () => {
    const root = fed(["```python\ndef f", "(): pass\n"], false);
    expect(root.querySelector(".hljs-keyword")).toBeNull();
    const closed = fed(["```python\ndef f", "(): pass\n", "```\n"], false);
    expect(closed.querySelector(".hljs-keyword")?.textContent).toBe("def");
  });

  test("of an unknown language stays plain", () => {
    const root = whole("```<b>klingon\nx = 1\n```");
    expect(root.querySelector("code")?.textContent).toBe("x = 1");
    expect(root.querySelector("[class^=hljs]")).toBeNull();
  });

  test("of many lines stands in chunks of a hundred, whether it grew or came whole", () => {
    const lines = Array.from({ length: 250 }, (_, index) => `/* ${index}`).join("\n");
    const text = `\`\`\`c\n${lines}\n\`\`\`\n`;
    const root = whole(text);
    expect(root.querySelectorAll(".code-chunk")).toHaveLength(3);
    expect(root.querySelector("code")?.textContent).toBe(lines);
    expect(fed(sized(text, 13)).innerHTML).toBe(root.innerHTML);
  });

  test("is copied as its source", async () => {
    const root = document.createElement("div");
    const copied: string[] = [];
    const live = new LiveMarkdown(root, { copy: async (text) => void copied.push(text) });
    live.append("```js\nlet a = '<b>'\n\n```\n");
    live.finish();
    root.querySelector<HTMLElement>(".code-copy")?.click();
    await vi.waitFor(() => expect(root.querySelector(".code-copy")?.textContent).toBe("Copied"));
    expect(copied).toEqual(["let a = '<b>'\n"]);
  });
});

describe("what a model writes is text", () => {
  test("HTML shows as it was written", () => {
    const root = whole('<img src=x onerror="x()"> <b>bold</b>\n\n<script>\nx()\n</script>');
    expect(root.querySelector("img, b, script")).toBeNull();
    expect(root.textContent).toContain('<img src=x onerror="x()">');
    expect(root.textContent).toContain("<script>");
  });

  test("an image is a link to it", () => {
    const root = whole("![a cat](https://e.org/cat.png)");
    expect(root.querySelector("img")).toBeNull();
    expect(root.querySelector("a")?.getAttribute("href")).toBe("https://e.org/cat.png");
    expect(root.textContent).toBe("a cat");
  });

  test.each([
    "javascript:x()",
    "data:text/html,x",
    "vbscript:x",
    "/api/auth/logout",
    "#/admin",
    "//e.org",
  ])("an address like %s is no link", (address) => {
    const root = whole(`[go](${address})`);
    expect(root.querySelector("a")).toBeNull();
    expect(root.textContent).toContain("go");
  });

  test("a link tells its target nothing", () => {
    const link = whole("<https://e.org> [x](mailto:a@b.c)").querySelector("a");
    expect(link?.rel).toBe("noopener noreferrer nofollow");
    expect(link?.target).toBe("_blank");
  });

  test.each([
    ">".repeat(5000) + "x",
    "- ".repeat(3000) + "x",
    "[".repeat(20000),
    "*a_".repeat(4000),
  ])(
    "deep nesting (%#) ends soon",
    (text) => {
      expect(whole(text).textContent?.length).toBeGreaterThan(0);
    },
    10_000,
  );
});

test("headings leave no level out, whatever the model begins with", () => {
  const root = whole("### Deep\n\n- ##### In an item\n- b\n\n# High\n\n###### Low");
  expect([...root.querySelectorAll("h1,h2,h3,h4,h5,h6")].map(({ tagName }) => tagName)).toEqual([
    "H2",
    "H3",
    "H2",
    "H3",
  ]);
});

describe("formulas", () => {
  test("prices are none", () => {
    const root = whole("It costs $5 and $10, or $5-$10, $ 3 $.");
    expect(root.querySelector("[data-tex]")).toBeNull();
  });

  test.each([
    ["$x^2$", "x^2"],
    ["a \\(b_1\\) c", "b_1"],
    ["$$\na\n+ b\n$$", "a\n+ b"],
    ["text\n\\[\n- x\n\\]\nmore", "- x"],
    ["so $$y$$ it is", "y"],
  ])("%s holds %s", (text, tex) => {
    expect(whole(text).querySelector<HTMLElement>("[data-tex]")?.dataset["tex"]).toBe(tex);
  });

  test("are drawn by KaTeX once it is loaded", async () => {
    const root = whole("$x^2$");
    await vi.waitFor(() => expect(root.querySelector(".katex")).not.toBeNull(), 10_000);
  }, 15_000);
});
