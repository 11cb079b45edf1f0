/** The relay's samples in, what an operator reads out of them out. Pure. */
import { count, number } from "../format";

/** One second of the relay, as `GET /api/metrics/stream` sends it. Times are in seconds. */
export type Sample = {
  at: number;
  active_streams: number;
  queued_streams: number;
  streams_per_second: number;
  tokens_per_second: number;
  first_event_p50: number | null;
  first_event_p95: number | null;
  gap_p95: number | null;
  outcomes: Record<string, number>;
  errors: Record<string, number>;
  memory_bytes: number;
  open_files: number;
  loop_lag: number;
  sink_losses: Record<string, number>;
  profiles: { name: string; active: number; status: "up" | "down" | "unknown" }[];
};

/** Five minutes of seconds. */
export const KEPT = 300;

/** A gap this long between two samples is shown as one. */
const GAP_SECONDS = 3;

/** A relay that was started anew counts from zero: what it said before is of another process. */
export function appended(samples: Sample[], sample: Sample): Sample[] {
  return [...samples, sample].slice(-KEPT);
}

/** By how much a total grew over *samples*; a total that fell began anew at zero. */
export function grown(samples: Sample[], total: (sample: Sample) => number): number {
  return samples.reduce((sum, sample, index) => {
    const before = samples[index - 1];
    if (!before) return sum;
    const now = total(sample);
    return sum + (now >= total(before) ? now - total(before) : now);
  }, 0);
}

export function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, value) => total + value, 0);
}

/** The counts that are not zero, the largest first. */
export function largest(counts: Record<string, number>): [string, number][] {
  return Object.entries(counts)
    .filter(([, value]) => value > 0)
    .sort(([, one], [, other]) => other - one);
}

export type Concern = { level: "good" | "bad"; text: string };

/** What to look at first: everything that is wrong now, or that nothing is. */
export function concerns(samples: Sample[]): Concern[] {
  const last = samples.at(-1);
  if (!last) return [];
  const down = last.profiles.filter(({ status }) => status === "down").map(({ name }) => name);
  const failed = grown(samples, ({ errors }) => sum(errors));
  const found = [
    down.length > 0 && `Not reachable: ${down.join(", ")}.`,
    failed > 0 && `${count(failed, "stream")} failed while you watched.`,
    last.queued_streams > 0 && `${count(last.queued_streams, "stream")} waiting for a free place.`,
    last.loop_lag > 0.1 && `The relay is busy: it answers ${number(last.loop_lag * 1000)} ms late.`,
    sum(last.sink_losses) > 0 && "Some sinks lost what they should have kept.",
  ].filter((text) => text !== false);
  if (found.length === 0) return [{ level: "good", text: "All is well." }];
  return found.map((text) => ({ level: "bad", text }));
}

/** The lines of a drawing of *width* by *height*, broken where there is nothing to draw. */
export function lines(
  samples: Sample[],
  value: (sample: Sample) => number | null,
  width: number,
  height: number,
): string[] {
  const end = samples.at(-1)?.at ?? 0;
  const top = Math.max(...samples.map((sample) => value(sample) ?? 0), Number.MIN_VALUE);
  const runs: string[][] = [[]];
  samples.forEach((sample, index) => {
    const drawn = value(sample);
    const before = samples[index - 1];
    if (before && sample.at - before.at > GAP_SECONDS) runs.push([]);
    if (drawn === null) return void runs.push([]);
    const x = width * (1 - (end - sample.at) / KEPT);
    const y = height * (1 - Math.min(drawn / top, 1));
    runs.at(-1)?.push(`${x.toFixed(1)},${y.toFixed(1)}`);
  });
  return runs.filter((run) => run.length > 0).map((run) => run.join(" "));
}
