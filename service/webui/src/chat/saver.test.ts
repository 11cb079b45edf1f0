import { expect, test } from "vitest";

import type { StoredMessage } from "./history";
import { Saver, type Storage } from "./saver";

const QUESTION: StoredMessage = { role: "user", content: "q" };
const ANSWER: StoredMessage = {
  role: "assistant",
  turn: { profile: "p", model: "m", parts: [], finish: "stop" },
};

class FakeStorage implements Storage {
  calls: string[] = [];
  broken: string | null = null;
  slow = false;

  async add(title: string): Promise<{ id: string }> {
    this.#note(`add ${title}`);
    return { id: "c1" };
  }

  async put(id: string, position: number): Promise<void> {
    this.#note(`put ${id} ${position}`);
    if (this.slow) await new Promise(() => {});
  }

  #note(call: string): void {
    this.calls.push(call);
    if (this.broken !== null && call.startsWith(this.broken)) throw new Error("full");
  }
}

function saver(storage: Storage, id: string | null = null) {
  const created: string[] = [];
  const failures: unknown[] = [];
  const one = new Saver(
    storage,
    id,
    (each) => created.push(each),
    (error) => failures.push(error),
  );
  return { one, created, failures };
}

test("the first message makes the conversation, the rest follow in order", async () => {
  const storage = new FakeStorage();
  const { one, created } = saver(storage);
  one.save(0, QUESTION, "Hello", 1);
  one.save(1, ANSWER, "Hello", 1);
  await one.settled();
  expect(storage.calls).toEqual(["add Hello", "put c1 0", "put c1 1"]);
  expect(created).toEqual(["c1"]);
});

test("a conversation that exists is not made again", async () => {
  const storage = new FakeStorage();
  const { one } = saver(storage, "c9");
  one.save(2, QUESTION, "Hello", 1);
  await one.settled();
  expect(storage.calls).toEqual(["put c9 2"]);
});

test("a failure is told once and nothing is written behind the hole", async () => {
  const storage = new FakeStorage();
  storage.broken = "add";
  const { one, failures } = saver(storage);
  one.save(0, QUESTION, "Hello", 1);
  one.save(1, ANSWER, "Hello", 1);
  await one.settled();
  expect(storage.calls).toEqual(["add Hello"]);
  expect(failures).toHaveLength(1);
});

test("what is not stored is known, also what is on its way", async () => {
  const storage = new FakeStorage();
  const { one } = saver(storage, "c9");
  storage.slow = true;
  for (const position of [2, 3]) one.save(position, QUESTION, "Hello", 1);
  expect(storage.calls).toEqual(["put c9 2"]);
  expect(one.idle).toBe(false);
  expect(one.unsaved).toMatchObject({ id: "c9", tasks: [{ position: 2 }, { position: 3 }] });
});

test("it is idle when all is stored", async () => {
  const storage = new FakeStorage();
  const { one } = saver(storage, "c9");
  one.save(2, QUESTION, "Hello", 1);
  await one.settled();
  expect(one.idle).toBe(true);
});
