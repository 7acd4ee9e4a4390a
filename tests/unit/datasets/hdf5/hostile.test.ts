import { describe, expect, it } from "vitest";
import { DatasetFault } from "../../../../domain/datasets/dataset-fault.ts";
import { lookup3 } from "../../../../domain/datasets/formats/hdf5/checksums.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { readTable, vector } from "./hdf5-file.ts";

/** What reading a file to its end comes to: its rows, or the code of the fault. Anything else it throws passes. */
async function outcome(bytes: Uint8Array): Promise<number | string> {
  try {
    const table = await readTable(bytes);
    let rows = 0;
    for await (const batch of table.batches()) rows += batch.rows;
    expect(rows).toBe(table.rows);
    return rows;
  } catch (error) {
    if (error instanceof DatasetFault) return error.problem.code;
    throw error;
  }
}

/** The file with other bytes at a place, its v2 metadata summed anew where `summed` says from where to where. */
function patched(
  bytes: Uint8Array,
  at: number,
  values: number[],
  summed?: [from: number, to: number],
): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy.set(values, at);
  if (summed !== undefined)
    new DataView(copy.buffer).setUint32(summed[1], lookup3(copy.subarray(...summed)), true);
  return copy;
}

const placeOf = (bytes: Uint8Array, wanted: number[], from = 0): number => {
  for (let at = from; at < bytes.length; at++)
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  throw new Error("not in the file");
};

describe("a truncated file", () => {
  it.each(["signals-earliest.h5", "signals-latest.h5", "groups-latest.h5"])(
    "is refused: every prefix of %s",
    async (name) => {
      const bytes = vector(name);
      for (let length = 0; length < bytes.length; length += length < 600 ? 1 : 37)
        expect(await outcome(bytes.subarray(0, length)), `${length} bytes`).toBe("file_invalid");
    },
  );
});

describe("a damaged file", () => {
  it.each([
    ["kinds-earliest.h5", 60],
    ["layouts-earliest.h5", 25],
    ["layouts-v110.h5", 25],
    ["groups-earliest.h5", 120],
    ["groups-latest.h5", 120],
    ["signals-earliest.h5", 350],
    ["signals-latest.h5", 350],
  ])("is read or refused, whichever bytes of %s are others", async (name, runs) => {
    const bytes = vector(name);
    const draws = seededRandom(name);
    const seen = new Map<string, number>();
    for (let run = 0; run < runs; run++) {
      const copy = new Uint8Array(bytes);
      for (let flips = draws.integer(3); flips >= 0; flips--) {
        const at = draws.integer(copy.length);
        copy[at] =
          draws.integer(2) === 0 ? draws.integer(256) : (copy[at] ?? 0) ^ (1 << draws.integer(8));
      }
      const started = performance.now();
      const result = String(await outcome(copy));
      expect(performance.now() - started, `run ${run} of ${name}`).toBeLessThan(10_000);
      seen.set(result, (seen.get(result) ?? 0) + 1);
    }
    expect(seen.get("file_invalid")).toBeGreaterThan(0);
  });
});

describe("a hostile file", () => {
  it("that is none", async () => {
    expect(await outcome(new Uint8Array(0))).toBe("file_invalid");
    expect(await outcome(new Uint8Array(5000).fill(137))).toBe("file_invalid");
  });

  it("with more rows than it can hold", async () => {
    const bytes = vector("signals-earliest.h5");
    // The dataspace message of an array of 20: version, rank, flags, and the sizes of 8 bytes.
    const space = placeOf(bytes, [1, 1, 1, 0, 0, 0, 0, 0, 20, 0, 0, 0]);
    for (const size of [
      [0, 0, 0, 0, 0, 1],
      [255, 255, 255, 255, 255, 255, 31, 0],
      Array<number>(8).fill(255),
    ])
      expect(await outcome(patched(bytes, space + 8, size))).toBe("file_invalid");
  });

  it("whose chunk inflates to more than a chunk", async () => {
    const bytes = vector("layouts-earliest.h5");
    // The size of an element, behind the sizes of its chunks: all of it is compressed data of 4 x 3 elements of 4 bytes.
    const layout = placeOf(bytes, [4, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0]);
    const smaller = patched(bytes, layout, [2]);
    await expect(
      readTable(smaller, { arrays: ["shuffled_gzip"] }).then((table) =>
        table.batches()[Symbol.asyncIterator]().next(),
      ),
    ).rejects.toThrow("a chunk inflates to more than");
  });

  it("whose object header is continued in itself", async () => {
    const bytes = vector("kinds-earliest.h5");
    const at = placeOf(bytes, [0x10, 0, 16, 0, 0, 0, 0, 0]);
    const from = new DataView(bytes.buffer).getUint32(at + 8, true);
    const loop = patched(bytes, from, [
      0x10,
      0,
      16,
      0,
      0,
      0,
      0,
      0,
      ...bytes.subarray(at + 8, at + 24),
    ]);
    expect(await outcome(loop)).toBe("file_invalid");
  });

  it("whose group has its own node as a child", async () => {
    const bytes = vector("signals-earliest.h5");
    // The superblock has the address of the root group's tree.
    const own = [...bytes.subarray(80, 88)];
    const node = new DataView(bytes.buffer).getUint32(80, true);
    expect(await outcome(patched(bytes, node + 32, own))).toBe("file_invalid");
    // With a level that says so, too.
    expect(await outcome(patched(patched(bytes, node + 32, own), node + 5, [1]))).toBe(
      "file_invalid",
    );
  });

  it("whose metadata do not match their checksum", async () => {
    const bytes = vector("signals-latest.h5");
    const header = placeOf(bytes, [...new TextEncoder().encode("OHDR")]);
    expect(await outcome(patched(bytes, header + 5, [(bytes[header + 5] ?? 0) ^ 32]))).toBe(
      "file_invalid",
    );
    const superblock = patched(bytes, 1024 + 20, [1]);
    await expect(readTable(superblock)).rejects.toThrow("does not match its checksum");
  });

  it("whose chunk does not match its checksum", async () => {
    const bytes = vector("layouts-earliest.h5");
    const whole = await readTable(bytes, { arrays: ["odd_summed"] });
    expect(whole.rows).toBe(23);
    // The first column's first chunk: 0, 25, 100 mod 97, and their sum.
    const at = placeOf(bytes, [0, 25, 3]);
    const damaged = await readTable(patched(bytes, at, [1]), { arrays: ["odd_summed"] });
    await expect(damaged.batches()[Symbol.asyncIterator]().next()).rejects.toThrow("fletcher32");
  });

  it("of a version that is yet to come", async () => {
    await expect(readTable(patched(vector("signals-earliest.h5"), 8, [4]))).rejects.toMatchObject({
      problem: { code: "file_unsupported" },
    });
  });
});
