import { murmur3X86Hash32 } from "../../experiments/foreign/murmur3-x86-32.ts";
import { encodeId } from "../../ids.ts";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

/** The id of the run that OpenLineage knows by this UUID: the same 128 bits. */
export function runIdOf(uuid: string): string {
  const hex = uuid.replaceAll("-", "");
  const bytes = Uint8Array.from({ length: 16 }, (_, at) =>
    Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16),
  );
  return `run_${encodeId(bytes)}`;
}

export const isUuid = (text: string): boolean => UUID.test(text);

/**
 * The UUID of a run that its sender calls by another name, among those of its job (RFC 9562, version
 * 8): the specification asks for a UUID, and its own compatibility tests have a run that has none.
 */
export function namedRunUuid(job: { namespace: string; name: string }, run: string): string {
  const text = JSON.stringify([job.namespace, job.name, run]);
  const units = Uint16Array.from(text, (_, at) => text.charCodeAt(at));
  const hex = [0, 1, 2, 3]
    .map((seed) => murmur3X86Hash32(units, seed).toString(16).padStart(8, "0"))
    .join("");
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  const bits = `${hex.slice(0, 12)}8${hex.slice(13, 16)}${variant}${hex.slice(17)}`;
  return grouped(bits);
}

/** The UUID of 128 bits that the id of a run or transformation ends with. */
export function uuidOf(id: string): string {
  let value = 0n;
  for (const digit of id.slice(id.indexOf("_") + 1))
    value = value * 32n + BigInt(DIGITS.indexOf(digit));
  return grouped(value.toString(16).padStart(32, "0"));
}

const grouped = (hex: string): string =>
  [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join(
    "-",
  );
