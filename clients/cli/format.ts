const NONE = "–";
const count = new Intl.NumberFormat("en-US");

export const formatCount = (value: number): string => count.format(value);

/** `1 run`, `1,234 runs`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${formatCount(value)} ${value === 1 ? one : many}`;

export const formatPercent = (share: number | null): string =>
  share === null ? NONE : `${(share * 100).toFixed(2)} %`;

export const formatMs = (ms: number | null): string => {
  if (ms === null) return NONE;
  return ms < 100 ? ms.toFixed(2) : ms.toFixed(0);
};

/** Of one run of a model, which may take microseconds. */
export const formatRunMs = (ms: number): string => (ms < 0.1 ? ms.toFixed(4) : formatMs(ms));

export const formatNumber = (value: number | null): string =>
  value === null ? NONE : String(Number(value.toPrecision(4)));

/** For a column of numbers: all to the same decimals, four digits of the largest. */
export function alignedTo(largest: number): (value: number) => string {
  if (!(largest > 0)) return formatNumber;
  const power = Math.floor(Math.log10(largest));
  // Beyond this a column of zeros would say nothing.
  if (power < -5 || power > 8) return (value) => value.toExponential(2);
  return (value) => value.toFixed(Math.max(0, 3 - power));
}

/** With a sign that is seen without colours: `+0.12` and `-0.12`. */
export const formatSigned = (
  value: number,
  format: (size: number) => string = formatNumber,
): string => `${value < 0 ? "-" : "+"}${format(Math.abs(value))}`;

/** Decimal units, as disks and networks count. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1_000 ** power;
  return `${power === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[power]}`;
}

/** RFC 3339 to a shorter form of the same UTC time. */
export const formatTime = (instant: string | null): string =>
  instant === null ? NONE : instant.replace("T", " ").replace(/(?:\.\d+)?Z$/, "");
