/** Values in, short texts for people out. */

/** "3.2s", and above a minute "1m 5s". */
export function seconds(value: number): string {
  if (value < 59.95) return `${value.toFixed(1)}s`;
  const whole = Math.round(value);
  return `${Math.floor(whole / 60)}m ${whole % 60}s`;
}

const UNITS = ["B", "kB", "MB", "GB"];

/** "812 B", "3.4 MB"; thousands, as file managers count. */
export function bytes(value: number): string {
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** "12,345", or with *digits* "3.5". */
export function number(value: number, digits = 0): string {
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** "1 token", "2 tokens". */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** "Nov 21, 2026, 14:05" in the reader's own time zone. */
export function dateTime(value: string | number | Date): string {
  return new Date(value).toLocaleString("en-US", {
    dateStyle: "medium",
    timeStyle: "short",
    hourCycle: "h23",
  });
}

/** How long ago in words: "today", "yesterday", "previous 7 days", "older". */
export function age(value: string | number | Date, now = new Date()): string {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const then = new Date(value).getTime();
  const day = 86_400_000;
  if (then >= midnight) return "Today";
  if (then >= midnight - day) return "Yesterday";
  if (then >= midnight - 7 * day) return "Previous 7 days";
  return "Older";
}
