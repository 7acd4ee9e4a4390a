import { WHOLE } from "./weight.ts";

/** Cannot occur in a salt, so no two pairs of salt and unit give the same bytes. */
const SEPARATOR = 0;
const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

let scratch = new Uint8Array(512);
let view = new DataView(scratch.buffer);

/**
 * Where a unit falls in [0, 10^12): the first 64 bits of MurmurHash3_x86_128 (seed 0) of
 * `UTF-8(salt) 0x00 UTF-8(unit)`, scaled by floor(h * 10^12 / 2^64). `h` is the first lane
 * times 2^32 plus the second. The vectors are in tests/unit/vectors/assignment.json; a change
 * here would move every user of every running experiment.
 */
export function unitPosition(salt: string, unit: string): number {
  const needed = (salt.length + unit.length) * 3 + 1;
  if (scratch.length < needed + 15) {
    scratch = new Uint8Array(needed * 2);
    view = new DataView(scratch.buffer);
  }
  let length = writeUtf8(salt, 0);
  scratch[length++] = SEPARATOR;
  length = writeUtf8(unit, length);
  return hashToPosition(length);
}

function writeUtf8(text: string, offset: number): number {
  const bytes = scratch;
  let at = offset;
  for (let index = 0; index < text.length; index++) {
    let code = text.charCodeAt(index);
    if (code < 0x80) {
      bytes[at++] = code;
      continue;
    }
    if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6);
      bytes[at++] = 0x80 | (code & 63);
      continue;
    }
    if ((code & 0xf800) === 0xd800) {
      const low = code < 0xdc00 ? text.charCodeAt(index + 1) : Number.NaN;
      if ((low & 0xfc00) === 0xdc00) {
        const point = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
        bytes[at++] = 0xf0 | (point >> 18);
        bytes[at++] = 0x80 | ((point >> 12) & 63);
        bytes[at++] = 0x80 | ((point >> 6) & 63);
        bytes[at++] = 0x80 | (point & 63);
        index++;
        continue;
      }
      code = 0xfffd; // a lone surrogate, as every UTF-8 encoder writes it
    }
    bytes[at++] = 0xe0 | (code >> 12);
    bytes[at++] = 0x80 | ((code >> 6) & 63);
    bytes[at++] = 0x80 | (code & 63);
  }
  return at;
}

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

function mix(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function hashToPosition(length: number): number {
  // Zero padding gives every lane of the tail the bytes its definition reads.
  scratch.fill(0, length, (length + 15) & ~15);
  let h1 = 0;
  let h2 = 0;
  let h3 = 0;
  let h4 = 0;
  let at = 0;
  for (; at + 16 <= length; at += 16) {
    h1 ^= lane1(view.getInt32(at, true));
    h1 = (Math.imul((rotate(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= lane2(view.getInt32(at + 4, true));
    h2 = (Math.imul((rotate(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= lane3(view.getInt32(at + 8, true));
    h3 = (Math.imul((rotate(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= lane4(view.getInt32(at + 12, true));
    h4 = (Math.imul((rotate(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  if (at < length) {
    h1 ^= lane1(view.getInt32(at, true));
    h2 ^= lane2(view.getInt32(at + 4, true));
    h3 ^= lane3(view.getInt32(at + 8, true));
    h4 ^= lane4(view.getInt32(at + 12, true));
  }
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = mix((h2 + h1) | 0);
  h3 = mix((h3 + h1) | 0);
  h4 = mix((h4 + h1) | 0);
  h1 = (mix(h1) + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  return scale(h1 >>> 0, h2 >>> 0);
}

const lane1 = (word: number): number => Math.imul(rotate(Math.imul(word, C1), 15), C2);
const lane2 = (word: number): number => Math.imul(rotate(Math.imul(word, C2), 16), C3);
const lane3 = (word: number): number => Math.imul(rotate(Math.imul(word, C3), 17), C4);
const lane4 = (word: number): number => Math.imul(rotate(Math.imul(word, C4), 18), C1);

const WHOLE_HIGH = Math.floor(WHOLE / 2 ** 20);
const WHOLE_LOW = WHOLE % 2 ** 20;

/** floor((high * 2^32 + low) * 10^12 / 2^64), every intermediate below 2^53 and so exact. */
export function scale(high: number, low: number): number {
  const lowPart = low * WHOLE_HIGH + Math.floor((low * WHOLE_LOW) / 2 ** 20);
  const carry = Math.floor(lowPart / 2 ** 12);
  const top = high * WHOLE_HIGH;
  const topHigh = Math.floor(top / 2 ** 12);
  const topLow = top - topHigh * 2 ** 12;
  return topHigh + Math.floor((topLow * 2 ** 20 + high * WHOLE_LOW + carry) / 2 ** 32);
}
