import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBase32, encodeId, formatId, idPattern } from "../../domain/ids.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const id = bytes(16);
const compare = (left: Uint8Array, right: Uint8Array) => {
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return at === -1 ? 0 : Math.sign((left[at] ?? 0) - (right[at] ?? 0));
};

/** What a big-endian base 32 number means, by long arithmetic. */
function decode(text: string): bigint {
  const digits = "0123456789abcdefghjkmnpqrstvwxyz";
  return text.split("").reduce((sum, digit) => sum * 32n + BigInt(digits.indexOf(digit)), 0n);
}
const valueOf = (given: Uint8Array) => given.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);

/** The id of a time in milliseconds, which a UUIDv7 holds in its first 48 bits. */
const idAt = (time: number) => {
  const given = new Uint8Array(16).fill(time % 256);
  new DataView(given.buffer).setBigUint64(0, BigInt(time) << 16n);
  return encodeId(given);
};

describe("base 32", () => {
  it.each([
    [[0], "00"],
    [[255], "7z"],
    [[1, 0, 0, 0, 0], "04000000"],
  ])("writes %j as %s", (given, text) => {
    expect(encodeBase32(Uint8Array.from(given), text.length)).toBe(text);
  });

  it("writes the number that the bytes are, in as many digits as they need", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (given) => {
        const length = Math.ceil((given.length * 8) / 5);
        const text = encodeBase32(given, length);
        expect(text).toHaveLength(length);
        expect(decode(text)).toBe(valueOf(given));
      }),
    );
  });
});

describe("an id", () => {
  it("sorts as its bytes do", () => {
    fc.assert(
      fc.property(id, id, (left, right) => {
        const [first, second] = [encodeId(left), encodeId(right)];
        expect(first < second ? -1 : first > second ? 1 : 0).toBe(compare(left, right));
      }),
    );
  });

  it("sorts by time when its bytes begin with one, as a UUIDv7's do", () => {
    const times = [1_763_000_000_000, 1_763_000_000_001, 1_763_000_000_255, 1_800_000_000_000];
    expect(times.map(idAt).toSorted()).toEqual(times.map(idAt));
  });

  it("matches the pattern of its prefix and of no other", () => {
    fc.assert(
      fc.property(id, (given) => {
        expect(formatId("exp", given)).toMatch(idPattern("exp"));
        expect(formatId("exp", given)).not.toMatch(idPattern("mdl"));
      }),
    );
  });

  it("has 16 bytes", () => {
    expect(() => encodeId(new Uint8Array(15))).toThrow(RangeError);
    expect(() => encodeId(new Uint8Array(17))).toThrow(RangeError);
  });
});
