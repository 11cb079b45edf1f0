import { describe, expect, test } from "vitest";
import { appended, concerns, grown, KEPT, largest, lines, sum, type Sample } from "./samples";

function sample(at: number, fields: Partial<Sample> = {}): Sample {
  return {
    at,
    active_streams: 0,
    queued_streams: 0,
    streams_per_second: 0,
    tokens_per_second: 0,
    first_event_p50: null,
    first_event_p95: null,
    gap_p95: null,
    outcomes: {},
    errors: {},
    memory_bytes: 1,
    open_files: 1,
    loop_lag: 0,
    sink_losses: {},
    profiles: [],
    ...fields,
  };
}

describe("samples", () => {
  test("older than five minutes are forgotten", () => {
    let samples: Sample[] = [];
    for (let at = 0; at < KEPT + 20; at += 1) samples = appended(samples, sample(at));
    expect(samples).toHaveLength(KEPT);
    expect(samples[0]?.at).toBe(20);
  });

  test("say by how much a total grew, also when the relay began anew", () => {
    const samples = [2, 5, 1, 3].map((errors, at) => sample(at, { errors: { internal: errors } }));
    expect(grown(samples, ({ errors }) => sum(errors))).toBe(3 + 1 + 2);
  });

  test("give counts, the largest first and none that are zero", () => {
    expect(largest({ a: 1, b: 0, c: 4 })).toEqual([
      ["c", 4],
      ["a", 1],
    ]);
  });
});

describe("what to look at first", () => {
  test("is nothing when all is well", () => {
    expect(concerns([sample(1)])).toEqual([{ level: "good", text: "All is well." }]);
    expect(concerns([])).toEqual([]);
  });

  test("is every server that is down, every new failure and every loss", () => {
    const bad = sample(2, {
      profiles: [{ name: "Qwen", active: 0, status: "down" }],
      errors: { upstream_error: 3 },
      queued_streams: 1,
      loop_lag: 0.25,
      sink_losses: { log: 2 },
    });
    expect(
      concerns([sample(1, { errors: { upstream_error: 1 } }), bad]).map(({ text }) => text),
    ).toEqual([
      "Not reachable: Qwen.",
      "2 streams failed while you watched.",
      "1 stream waiting for a free place.",
      "The relay is busy: it answers 250 ms late.",
      "Some sinks lost what they should have kept.",
    ]);
  });
});

describe("a drawing", () => {
  test("ends at the right edge and fills the height", () => {
    const samples = [sample(0, { active_streams: 0 }), sample(1, { active_streams: 4 })];
    expect(lines(samples, (one) => one.active_streams, 300, 40)).toEqual(["299.0,40.0 300.0,0.0"]);
  });

  test("is broken where a value or the connection was missing", () => {
    const values = [1, null, 1, 1];
    const samples = values.map((value, index) =>
      sample(index === 3 ? 60 : index, { gap_p95: value }),
    );
    expect(lines(samples, (one) => one.gap_p95, 300, 40)).toHaveLength(3);
  });
});
