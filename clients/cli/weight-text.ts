import { UsageError } from "./exit-codes.ts";

/** A weight is a whole number of these, as exact as on the wire. */
export const WHOLE = 1_000_000_000_000n;
const DECIMALS = 12;

export function parseWeight(text: string): bigint {
  const [, whole, decimals = ""] = /^([01])(?:\.(\d{1,12}))?$/.exec(text) ?? [];
  const units =
    whole === undefined ? -1n : BigInt(whole) * WHOLE + BigInt(decimals.padEnd(DECIMALS, "0"));
  if (units < 0n || units > WHOLE)
    throw new UsageError(`'${text}' is not a weight: a decimal from 0 to 1, such as 0.1`);
  return units;
}

export function formatWeight(units: bigint): string {
  const decimals = (units % WHOLE).toString().padStart(DECIMALS, "0").replace(/0+$/, "");
  return `${units / WHOLE}${decimals === "" ? "" : `.${decimals}`}`;
}

/** `name=weight`; a name may have a `=` in it. */
export function parseNamedWeight(text: string): { name: string; units: bigint } {
  const [, name, weight] = /^(.+)=([^=]+)$/.exec(text) ?? [];
  if (name === undefined || weight === undefined)
    throw new UsageError(`'${text}': expected name=weight, such as wdbc@2=0.2`);
  return { name, units: parseWeight(weight) };
}
