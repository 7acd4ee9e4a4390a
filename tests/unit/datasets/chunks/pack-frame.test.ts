import { array, assert, property, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodePack,
  encodePack,
  FRAME_BYTES,
  PACK_LIMITS,
} from "../../../../domain/datasets/chunks/pack-frame.ts";
import { codeOf } from "./code-of.ts";

/** A frame that says what it is told to. */
const frameOf = (count: number, lengths: readonly number[], body: number): Uint8Array => {
  const frame = new Uint8Array(8 + 4 * lengths.length + body);
  frame.set([0x4c, 0x4e, 0x54, 0x50]);
  const view = new DataView(frame.buffer);
  view.setUint32(4, count, true);
  for (const [index, length] of lengths.entries()) view.setUint32(8 + 4 * index, length, true);
  return frame;
};

describe("a pack of chunks", () => {
  it("is its magic, the number of chunks, their lengths and their bytes", () => {
    const frame = encodePack([Uint8Array.of(1, 2, 3), Uint8Array.of(255)]);
    expect(Buffer.from(frame).toString("hex")).toBe("4c4e5450020000000300000001000000010203ff");
  });

  it("comes back as it was, from anywhere in a buffer", () => {
    const chunks = array(uint8Array({ minLength: 1, maxLength: 50 }), {
      minLength: 1,
      maxLength: 20,
    });
    assert(
      property(chunks, (given) => {
        const frame = encodePack(given);
        const within = new Uint8Array(frame.length + 3);
        within.set(frame, 3);
        expect(decodePack(within.subarray(3))).toEqual(given);
      }),
    );
  });

  it("holds as much as it may, and no more", () => {
    const most = new Uint8Array(PACK_LIMITS.bytes);
    const frame = encodePack([most]);
    expect(decodePack(frame)[0]).toHaveLength(PACK_LIMITS.bytes);
    expect(codeOf(() => encodePack([most, Uint8Array.of(1)]))).toBe("option_invalid");
    const many = Array.from({ length: PACK_LIMITS.chunks }, () => Uint8Array.of(1));
    expect(decodePack(encodePack(many))).toHaveLength(PACK_LIMITS.chunks);
    expect(codeOf(() => encodePack([...many, Uint8Array.of(1)]))).toBe("option_invalid");
    expect(FRAME_BYTES).toBe(8 + 4 * PACK_LIMITS.chunks + PACK_LIMITS.bytes);
  });

  it("has a chunk, and none that is empty", () => {
    expect(codeOf(() => encodePack([]))).toBe("option_invalid");
    expect(codeOf(() => encodePack([Uint8Array.of(1), new Uint8Array(0)]))).toBe("option_invalid");
  });
});

describe("a body that is no pack", () => {
  it.each([
    ["is empty", new Uint8Array(0)],
    ["ends in its head", frameOf(1, [], 0).subarray(0, 7)],
    ["is something else", Uint8Array.from(Buffer.from("id;name\n1;a\n"))],
    ["has no chunk", frameOf(0, [], 0)],
    ["has no chunk and bytes", frameOf(0, [], 4)],
    ["has fewer bytes than lengths", frameOf(3, [1, 1], 0)],
    ["has fewer bytes than its chunks", frameOf(2, [2, 3], 4)],
    ["has more bytes than its chunks", frameOf(2, [2, 3], 6)],
    ["has an empty chunk", frameOf(2, [0, 5], 5)],
    ["has a length of 2^32 - 1", frameOf(2, [1, 2 ** 32 - 1], 5)],
    ["has more chunks than bytes", frameOf(4, [1, 1, 1, 1], 2)],
  ])("because it %s is refused", (_why, frame) => {
    expect(codeOf(() => decodePack(frame))).toBe("file_invalid");
  });

  it.each([
    ["too many chunks", frameOf(PACK_LIMITS.chunks + 1, [], 5 * PACK_LIMITS.chunks)],
    ["4 billion chunks", frameOf(2 ** 32 - 1, [1], 1)],
    ["too many bytes", frameOf(1, [PACK_LIMITS.bytes + 1], PACK_LIMITS.bytes + 1)],
  ])("because it says %s is refused before anything is made of it", (_why, frame) => {
    expect(codeOf(() => decodePack(frame))).toBe("file_too_large");
  });

  it("says what was found and what was expected", () => {
    expect(() => decodePack(frameOf(2, [2, 3], 4))).toThrow(
      "the body is no pack of chunks: chunk 1 has 3 bytes, and only 2 are left: the body is cut off or a length is wrong",
    );
  });
});
