import { ExplainFault } from "../explain-fault.ts";

const MINUS = "\u2212";

/** Throws `ExplainFault` (value_invalid) for NaN and infinity, which no picture shows. */
export function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new ExplainFault(
    "value_invalid",
    `the explanation has the number ${value}, and only finite numbers can be drawn`,
  );
}

/** A number in few digits, with a true minus sign. */
export function numeral(value: number, digits = 4): string {
  if (value === 0) return "0";
  const magnitude = Math.abs(finite(value));
  const short = Number(magnitude.toPrecision(digits));
  const isPlain = short >= 1e-4 && short < 1e7;
  const text = isPlain ? String(short) : short.toExponential().replace("e+", "e");
  return `${value < 0 ? MINUS : ""}${text.replace("e-", `e${MINUS}`)}`;
}

/** `numeral`, with a plus sign where there is no minus sign. */
export const signed = (value: number, digits = 3): string =>
  `${value > 0 ? "+" : ""}${numeral(value, digits)}`;

/** Writes numbers of one figure alike: with as many decimals as tell the greatest in three digits. */
export function alike(values: Iterable<number>): (value: number) => string {
  let greatest = 0;
  for (const value of values) greatest = Math.max(greatest, Math.abs(finite(value)));
  const decimals = 2 - Math.floor(Math.log10(greatest));
  if (greatest === 0 || decimals > 5 || decimals < -4) return (value) => numeral(value, 3);
  return (value) => {
    const text = Math.abs(value).toFixed(Math.max(0, decimals));
    return Number(text) === 0 ? text : `${value < 0 ? MINUS : ""}${text}`;
  };
}

/** `alike` with signs: "+0.120", "−0.031", and "0.000" for what rounds to nothing. */
export function signedAlike(values: Iterable<number>): (value: number) => string {
  const plain = alike(values);
  return (value) => {
    const text = plain(value);
    return value > 0 && Number(text) !== 0 ? `+${text}` : text;
  };
}

/** "1 row", "2 rows". */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
