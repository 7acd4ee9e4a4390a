import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { undoFilters, type Filter } from "../../../../domain/datasets/formats/hdf5/filters.ts";
import { unpackLzf } from "../../../../domain/datasets/formats/hdf5/lzf.ts";
import type { Cell } from "../../../../domain/datasets/table.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";
import { cellsOf, readTable, vector } from "./hdf5-file.ts";

const expected = JSON.parse(
  readFileSync(new URL("../../vectors/datasets/hdf5/filters.json", import.meta.url), "utf8"),
) as Record<string, string[]>;

/** Floats and integers as the JSON has them; h5py's are of both languages' shortest digits. */
const plain = (cell: Cell): unknown => (typeof cell === "bigint" ? cell : Number(cell));
const wanted = (text: string, like: Cell | undefined): unknown =>
  typeof like === "bigint" ? BigInt(text) : Number(text);

describe("arrays that h5py filtered are read as h5py reads them", () => {
  it.each(Object.keys(expected))("%s", async (path) => {
    // The members of the only structure are columns of their own names.
    const [array = "", column = path] = path.split(".");
    const table = await readTable(vector("filters.h5"), { arrays: [array] });
    const cells = (await cellsOf(table))[column] ?? [];
    expect(cells.map(plain)).toEqual(expected[path]?.map((text) => wanted(text, cells[0])));
    // Twice, since chunks are kept.
    expect((await cellsOf(table))[column]).toEqual(cells);
  });

  it("and one of Blosc's is refused by name", async () => {
    const read = readTable(vector("filters.h5"), { arrays: ["blosc"] });
    await expect(read).rejects.toMatchObject({ problem: { code: "file_unsupported" } });
    await expect(read).rejects.toThrow("the filter 'Blosc' of 'blosc'");
  });
});

const undo = (bytes: number[] | Uint8Array, id: number, parameters: number[], most: number) =>
  undoFilters(Uint8Array.from(bytes), [{ id, name: "", parameters }], 0, most, nodePlatform);

describe("a filtered chunk that was made to do harm is refused at once", () => {
  const scale = (changed: Partial<Record<number, number>> = {}): number[] =>
    [2, 0, 4, 0, 4, 1, 0, 0, 0, 0].map((value, at) => changed[at] ?? value);
  const header = (bits: number): number[] => [bits, ...Array.from({ length: 20 }, () => 0)];

  it("is read where it is whole", async () => {
    const least = [8, 0, 0, 0, 8, 10, ...Array.from({ length: 15 }, () => 0)];
    expect([...(await undo([...least, 0, 1, 2, 3], 6, scale(), 16))]).toEqual(
      [10, 11, 12, 13].flatMap((value) => [value, 0, 0, 0]),
    );
  });

  it.each<[string, number[], number, number[], number]>([
    ["more elements than the chunk has", header(1), 6, scale({ 2: 2 ** 32 - 1 }), 16],
    ["more bits than a number has", header(200), 6, scale(), 16],
    ["packed numbers that are not there", header(31), 6, scale(), 16],
    ["a header that is cut off", [1, 2, 3], 6, scale(), 16],
    ["numbers of three bytes", header(1), 6, scale({ 4: 3 }), 16],
    ["floats of two bytes", header(1), 6, scale({ 3: 1, 0: 0, 4: 2 }), 16],
    ["no parameters", header(1), 6, [], 16],
    ["n-bit without a type", [1], 5, [8, 0, 4], 16],
    ["n-bit with bits that are not there", [1], 5, [8, 0, 4, 1, 4, 0, 12, 0], 16],
    ["n-bit with more bits than bytes", [1], 5, [8, 0, 4, 1, 4, 0, 30, 5], 16],
    ["n-bit with more elements than the chunk has", [1], 5, [8, 0, 2 ** 31, 1, 4, 0, 1, 0], 16],
    ["n-bit with elements of no bytes", [1], 5, [8, 0, 2 ** 31, 4, 0], 16],
    ["n-bit with a structure of nothing", [1], 5, [8, 0, 1, 3, 8, 0], 8],
    ["n-bit with a member beyond its structure", [1, 2], 5, [8, 0, 1, 3, 4, 1, 3, 4, 2], 4],
    ["n-bit with an array that does not fit", [1, 2], 5, [8, 0, 1, 2, 5, 4, 2], 5],
    [
      "n-bit with arrays in arrays",
      [1],
      5,
      [8, 0, 1, ...Array.from({ length: 999 }, () => [2, 8]).flat(), 4, 8],
      8,
    ],
    ["n-bit with a type that is none", [1], 5, [8, 0, 1, 9, 1], 1],
    ["LZF literals that are not there", [31, 1], 32000, [], 32],
    ["LZF literals beyond the chunk", [3, 1, 2, 3, 4], 32000, [], 2],
    ["an LZF copy from before the beginning", [0, 1, 0x20, 1], 32000, [], 4],
    ["an LZF copy that is cut off", [0, 1, 0xe0], 32000, [], 40],
    ["LZF copies beyond the chunk", [0, 1, 0xe0, 255, 0, 0xe0, 255, 0], 32000, [], 300],
    ["no bytes", [], 32000, [], 4],
    ["Zstandard that is none", [1, 2, 3, 4, 5], 32015, [], 4],
  ])("%s", async (_, bytes, id, parameters, most) => {
    await expect(undo(bytes, id, parameters, most)).rejects.toMatchObject({
      problem: { code: "file_invalid" },
    });
  });

  it("a scale that is stored for each number is named", async () => {
    await expect(undo(header(1), 6, scale({ 0: 1, 3: 1 }), 16)).rejects.toMatchObject({
      problem: { code: "file_unsupported" },
    });
  });

  it("any bytes with any parameters end in bytes or a refusal", async () => {
    const random = seededRandom("filters");
    const small = [0, 1, 2, 3, 4, 5, 8, 16, 31, 32, 255, 2 ** 31, 2 ** 32 - 1];
    for (let run = 0; run < 3000; run++) {
      const bytes = Array.from({ length: random.integer(60) }, () => random.integer(256));
      if (run % 2 === 0) bytes.fill(0, 1, 5);
      const parameters = Array.from(
        { length: random.integer(14) },
        () => small[random.integer(small.length)] ?? 0,
      );
      const id = [5, 6, 32000, 32015][random.integer(4)] ?? 5;
      const filters: Filter[] = [{ id, name: "", parameters }];
      const undone = undoFilters(Uint8Array.from(bytes), filters, 0, 64, nodePlatform);
      const end = await undone.catch(
        (error: { problem?: { code: string } }) => error.problem?.code,
      );
      expect(end instanceof Uint8Array ? end.length : end, `run ${run}`).toSatisfy(
        (told) => told === 64 || ["file_invalid", "file_unsupported"].includes(String(told)),
      );
    }
  });
});

it("LZF repeats what it has just written", () => {
  expect([...unpackLzf(Uint8Array.of(1, 7, 8, 0x60, 1), 7)]).toEqual([7, 8, 7, 8, 7, 8, 7]);
});
