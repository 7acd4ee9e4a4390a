import { expect, it } from "vitest";
import { fletcher32, lookup3 } from "../../../../domain/datasets/formats/hdf5/checksums.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

it("lookup3 is Jenkins' of his own example", () => {
  expect(lookup3(bytesOf("Four score and seven years ago"))).toBe(0x1777_0551);
  expect(lookup3(new Uint8Array(0))).toBe(0xdead_beef);
});

/** Fletcher's definition over words whose first byte is the high one, the carry brought around each time. */
function slowFletcher(bytes: Uint8Array): number {
  let [low, high] = [0, 0];
  const carried = (sum: number): number => (sum > 65_535 ? sum - 65_535 : sum);
  for (let at = 0; at < bytes.length; at += 2) {
    low = carried(low + (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0));
    high = carried(high + low);
  }
  return high * 65_536 + low;
}

it("fletcher32 is the definition's, over odd lengths and sums of all ones too", () => {
  expect(fletcher32(Uint8Array.of(0xff, 0xff))).toBe(0xffff_ffff);
  expect(fletcher32(new Uint8Array(10))).toBe(0);
  for (const length of [0, 1, 2, 3, 719, 720, 721, 1441, 5000]) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * at * 31 + 7) % 256);
    expect(fletcher32(bytes), `${length} bytes`).toBe(slowFletcher(bytes));
    expect(fletcher32(new Uint8Array(length).fill(255)), `${length} ones`).toBe(
      slowFletcher(new Uint8Array(length).fill(255)),
    );
  }
});
