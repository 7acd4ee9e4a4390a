import { calendarDay, daysOf, isCalendarDay } from "./calendar.ts";

const DAY = 86_400_000_000n;

const DATE = String.raw`(\d{4}|[+-]\d{6})-(\d\d)-(\d\d)`;
const TIME = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?`;
const ZONE = String.raw`(Z|z|([+-])(\d\d):?(\d\d)?)?`;
const ISO_DATE = new RegExp(`^${DATE}$`);
const ISO_TIME = new RegExp(`^${DATE}[Tt ]${TIME}${ZONE}$`);

/** Days since 1970 of an ISO 8601 date (`2026-03-01`, `+012026-03-01`); undefined for other text. */
export function parseDate(text: string): number | undefined {
  const match = ISO_DATE.exec(text);
  return match ? dayOfMatch(match) : undefined;
}

/**
 * Microseconds since 1970 UTC of an ISO 8601 date and time, of which one without a zone is UTC;
 * undefined for other text, and where digits after the sixth would be lost.
 */
export function parseTimestamp(text: string): bigint | undefined {
  const match = ISO_TIME.exec(text);
  const day = match ? dayOfMatch(match) : undefined;
  if (!match || day === undefined) return undefined;
  const [hour, minute, second] = [number(match[4]), number(match[5]), number(match[6])];
  const [zoneHour, zoneMinute] = [number(match[10]), number(match[11])];
  const digits = (match[7] ?? "").padEnd(9, "0");
  if (hour > 23 || minute > 59 || second > 59 || zoneHour > 23 || zoneMinute > 59) return undefined;
  if (!digits.endsWith("000")) return undefined;
  const east = (zoneHour * 60 + zoneMinute) * (match[9] === "-" ? -1 : 1);
  const seconds = (hour * 60 + minute - east) * 60 + second;
  const micros = BigInt(day) * DAY + BigInt(seconds * 1_000_000 + Number(digits.slice(0, 6)));
  return BigInt.asIntN(64, micros) === micros ? micros : undefined;
}

/** As ISO 8601 writes a day, with six digits and a sign for years beyond 0 to 9999. */
export function writeDate(days: number): string {
  const { year, month, day } = calendarDay(days);
  const plain = year >= 0 && year <= 9999;
  const digits = String(Math.abs(year)).padStart(plain ? 4 : 6, "0");
  return `${plain ? "" : year < 0 ? "-" : "+"}${digits}-${twoDigits(month)}-${twoDigits(day)}`;
}

/** As ISO 8601 writes a time of UTC, with as many digits of a second as there are, up to six. */
export function writeTimestamp(micros: bigint): string {
  const inDay = ((micros % DAY) + DAY) % DAY;
  const seconds = Number(inDay / 1_000_000n);
  const fraction = String(inDay % 1_000_000n)
    .padStart(6, "0")
    .replace(/0+$/, "");
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const date = writeDate(Number((micros - inDay) / DAY));
  return `${date}T${clock.map(twoDigits).join(":")}${fraction && `.${fraction}`}Z`;
}

function dayOfMatch(match: RegExpExecArray): number | undefined {
  const [year, month, day] = [number(match[1]), number(match[2]), number(match[3])];
  return isCalendarDay(year, month, day) ? daysOf(year, month, day) : undefined;
}

const number = (digits: string | undefined): number => Number(digits ?? 0);
const twoDigits = (value: number): string => String(value).padStart(2, "0");
