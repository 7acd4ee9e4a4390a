import { InvalidArgumentError } from "commander";

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Whole seconds, from `90`, `90s`, `10m`, `6h` or `7d`; null for anything else. */
export function parseDuration(text: string): number | null {
  const [, count, unit = "s"] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
  return count === undefined ? null : Number(count) * (SECONDS[unit as keyof typeof SECONDS] ?? 1);
}

/** For an option that takes a time. */
export function duration(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === null)
    throw new InvalidArgumentError("Expected a time such as 90s, 10m, 6h or 7d.");
  return seconds;
}

/** The two largest units, such as `1 h 20 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toPrecision(3))} s`;
  const whole = Math.round(seconds);
  const units = [
    ["d", Math.floor(whole / 86_400)],
    ["h", Math.floor(whole / 3_600) % 24],
    ["min", Math.floor(whole / 60) % 60],
    ["s", whole % 60],
  ] as const;
  const first = units.findIndex(([, count]) => count > 0);
  return units
    .slice(first, first + 2)
    .filter(([, count]) => count > 0)
    .map(([unit, count]) => `${count} ${unit}`)
    .join(" ");
}
