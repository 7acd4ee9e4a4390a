import { encodeId } from "../../ids.ts";

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

/** The id of the run that OpenLineage knows by this UUID: the same 128 bits. */
export function runIdOf(uuid: string): string {
  const hex = uuid.replaceAll("-", "");
  const bytes = Uint8Array.from({ length: 16 }, (_, at) =>
    Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16),
  );
  return `run_${encodeId(bytes)}`;
}

/** The UUID of 128 bits that the id of a run or transformation ends with. */
export function uuidOf(id: string): string {
  let value = 0n;
  for (const digit of id.slice(id.indexOf("_") + 1))
    value = value * 32n + BigInt(DIGITS.indexOf(digit));
  const hex = value.toString(16).padStart(32, "0");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
