import { DatasetFault } from "../../dataset-fault.ts";
import type { Platform } from "../platform.ts";

/** Texts up to this many bytes are put together here: a call of the platform takes longer. */
const SHORT = 24;
const REMEMBERED = 1024;

/**
 * Makes texts of bytes. Short ones are remembered for a while, as the few values of a column of
 * classes come again and again.
 */
export class TextDecoding {
  readonly #platform: Platform;
  readonly #remembered: string[] = Array.from({ length: REMEMBERED }, () => "");

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** The text of `bytes` from `from` to `to`. Throws a DatasetFault where it is not UTF-8. `position` is that of bytes[0] in the file. */
  text(bytes: Uint8Array, from: number, to: number, position: number): string {
    if (to - from <= SHORT) {
      const text = this.#ascii(bytes, from, to);
      if (text !== undefined) return text;
    }
    try {
      return this.#platform.decodeUtf8(bytes.subarray(from, to));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const at = position + from + firstInvalid(bytes.subarray(from, to));
      throw new DatasetFault(
        "file_invalid",
        `byte ${at} is not UTF-8: save the file as UTF-8 and upload it again`,
      );
    }
  }

  #ascii(bytes: Uint8Array, from: number, to: number): string | undefined {
    let hash = to - from;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0;
      if (byte > 127) return undefined;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    const slot = (hash ^ (hash >>> 15)) & (REMEMBERED - 1);
    const known = this.#remembered[slot] ?? "";
    if (known.length === to - from && isText(known, bytes, from)) return known;
    let text = "";
    for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at] ?? 0);
    this.#remembered[slot] = text;
    return text;
  }
}

function isText(text: string, bytes: Uint8Array, from: number): boolean {
  for (let at = 0; at < text.length; at++)
    if (text.charCodeAt(at) !== bytes[from + at]) return false;
  return true;
}

/** Where the first byte lies that is not part of well-formed UTF-8 (Unicode, table 3-7). */
export function firstInvalid(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at] ?? 0;
    const following = lead < 0x80 ? 0 : lead < 0xc2 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (following < 0 || lead > 0xf4) return at;
    for (let index = 1; index <= following; index++) {
      const byte = bytes[at + index] ?? 0;
      const lowest = index > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
      const highest = index > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
      if (byte < lowest || byte > highest) return at;
    }
    at += following + 1;
  }
  return at;
}
