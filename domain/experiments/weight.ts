import { fail, ok, type Result } from "../result.ts";

/** Traffic shares are whole numbers of 10^-12, so that no float ever touches a boundary. */
export const WHOLE = 1_000_000_000_000;
const DECIMALS = 12;

export type WeightError = { code: "weight_malformed" | "weight_too_fine"; text: string };

/** Reads a decimal string in [0, 1] with at most 12 decimals, exactly, as units of 10^-12. */
export function parseWeight(text: string): Result<number, WeightError> {
  const match = /^([01])(?:\.(\d+))?$/.exec(text);
  if (!match) return fail({ code: "weight_malformed", text });
  const fraction = (match[2] ?? "").replace(/0+$/, "");
  if (fraction.length > DECIMALS) return fail({ code: "weight_too_fine", text });
  const units = Number(match[1]) * WHOLE + Number(fraction.padEnd(DECIMALS, "0"));
  return units > WHOLE ? fail({ code: "weight_malformed", text }) : ok(units);
}

/** The shortest decimal string of the same weight. */
export function formatWeight(units: number): string {
  if (units === WHOLE) return "1";
  const fraction = String(units).padStart(DECIMALS, "0").replace(/0+$/, "");
  return fraction === "" ? "0" : `0.${fraction}`;
}
