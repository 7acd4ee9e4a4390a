import { describe, expect, it } from "vitest";
import { DatasetFault } from "../../../../domain/datasets/dataset-fault.ts";
import { matReader } from "../../../../domain/datasets/formats/mat/mat-reader.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { cellsOf, readBytes, vector } from "./tables.ts";

const NAMES = [
  "scipy-plain",
  "scipy-compressed",
  "hdf5storage-7.3",
  "testvec_4_GLNX86",
  "testsparse_6.1_SOL2",
  "scipy-sparse-4",
  "teststruct_7.4_GLNX86",
  "testsimplecell",
];

/** Of each file. */
const FLIPS = 25;

async function answer(bytes: Uint8Array): Promise<"table" | "fault"> {
  try {
    await cellsOf(await readBytes(matReader, bytes));
    return "table";
  } catch (error) {
    if (error instanceof DatasetFault) return "fault";
    throw error;
  }
}

describe("damaged MAT files", () => {
  it.each([
    "testvec_4_GLNX86",
    "teststruct_6.1_SOL2",
    "testsimplecell",
    "teststructnest_6.5.1_GLNX86",
  ])("every prefix of %s is a table or refused", async (name) => {
    const bytes = vector(`mat/${name}.mat`);
    let faults = 0;
    for (let length = 0; length < bytes.length; length++)
      if ((await answer(bytes.subarray(0, length))) === "fault") faults++;
    expect(faults).toBeGreaterThan(bytes.length / 2);
  });

  it.each(NAMES)("%s with flipped bytes is a table or refused", async (name) => {
    const random = seededRandom(`flip ${name}`);
    const bytes = vector(`mat/${name}.mat`);
    let answers = 0;
    for (let i = 0; i < FLIPS; i++) {
      const flipped = bytes.slice();
      flipped[Math.floor(random.uniform() * bytes.length)] = Math.floor(random.uniform() * 256);
      await answer(flipped);
      answers++;
    }
    expect(answers).toBe(FLIPS);
  });

  it.each<[string, number, number, RegExp]>([
    ["a row that it has not", 0, 7, /an element at 7 of 6/],
    ["a row before the first", 0, 0, /an element at 0 of 6/],
    ["a row between two", 0, 1.5, /an element at 1.5 of 6/],
    ["half a size", 4, 2.5, /the sizes 2.5 x 3/],
    ["sizes that no memory has", 4, 2 ** 40, /more than 1048576 elements/],
  ])("a sparse matrix of version 4 with %s", async (_, at, number, message) => {
    const bytes = vector("mat/scipy-sparse-4.mat").slice();
    // The rows of its elements lie behind the header and the name, `real`, and then its number of rows.
    new DataView(bytes.buffer).setFloat64(20 + 5 + at * 8, number, true);
    const read = readBytes(matReader, bytes);
    if (at === 4 && Number.isInteger(number)) expect((await read).warnings.join()).toMatch(message);
    else await expect(read).rejects.toThrow(message);
  });

  it("sizes that the file cannot hold are refused before they are made", async () => {
    const bytes = vector("mat/testdouble_6.5.1_GLNX86.mat").slice();
    // The sizes, 1 x 9, behind the tag of the variable, its flags and their own tag.
    new DataView(bytes.buffer).setInt32(128 + 8 + 16 + 8 + 4, 2 ** 30, true);
    await expect(readBytes(matReader, bytes)).rejects.toMatchObject({
      problem: { code: "file_invalid", message: expect.stringContaining("testdouble") },
    });
  });

  it("a compressed variable that would unpack to gigabytes is refused", async () => {
    const { deflateSync } = await import("node:zlib");
    const matrix = new Uint8Array(64);
    const view = new DataView(matrix.buffer);
    view.setUint32(0, 14, true);
    view.setUint32(4, 2 ** 31, true);
    const packed = deflateSync(matrix);
    const bytes = new Uint8Array(136 + packed.length);
    bytes.set(vector("mat/testdouble_6.5.1_GLNX86.mat").subarray(0, 128));
    new DataView(bytes.buffer).setUint32(128, 15, true);
    new DataView(bytes.buffer).setUint32(132, packed.length, true);
    bytes.set(packed, 136);
    await expect(readBytes(matReader, bytes)).rejects.toMatchObject({
      problem: { code: "file_invalid", message: expect.stringContaining("cannot unpack") },
    });
  });

  it("structures in structures without end are refused", async () => {
    const deepest = 40;
    const header = vector("mat/testdouble_6.5.1_GLNX86.mat").subarray(0, 128);
    let inner = new Uint8Array(0);
    for (let i = 0; i < deepest; i++) {
      const head = new Uint8Array(8 + 16 + 16 + 16 + 8 + 16);
      const view = new DataView(head.buffer);
      const words = [14, head.length - 8 + inner.length, 6, 8, 2, 0, 5, 8, 1, 1, 1, 1, 97, 0];
      // A field of the name "a": one character and its end in eight bytes.
      const names = [(4 << 16) | 5, 8, 1, 8, 97, 0];
      for (const [at, word] of [...words, ...names].entries()) view.setUint32(at * 4, word, true);
      inner = new Uint8Array(Buffer.concat([head, inner]));
    }
    const bytes = new Uint8Array(Buffer.concat([header, inner]));
    await expect(readBytes(matReader, bytes)).rejects.toMatchObject({
      problem: { code: "file_unsupported", message: expect.stringContaining("nested") },
    });
  });

  it.each([
    ["nothing", new Uint8Array(0)],
    ["zeros", new Uint8Array(300)],
    ["text", new TextEncoder().encode("a,b\n".repeat(100))],
  ])("%s is no MAT file", async (_what, bytes) => {
    await expect(readBytes(matReader, bytes)).rejects.toMatchObject({
      problem: { code: "file_invalid" },
    });
  });
});
