import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { datasetOf, openVector } from "./hdf5-file.ts";

const [ROWS, COLUMNS] = [23, 5];
const value = (row: number, column: number): number => (row * COLUMNS + column) ** 2 % 97;

const NEW =
  "fixed_array fixed_array_gzip extensible extensible_gzip extensible_second tree single single_gzip implicit";

const WRITTEN: Record<string, string> = {
  "layouts-earliest.h5": "contiguous compact shuffled_gzip summed odd_summed deep_tree masked",
  "layouts-v110.h5": NEW,
  "layouts-latest.h5": `${NEW} tree_gzip`,
};

const cases = Object.entries(WRITTEN).flatMap(([file, paths]) =>
  paths.split(" ").map((path): [string, string] => [file, path]),
);

describe.each(cases)("in %s, %s", (name, path) => {
  it("has the values that were written, in every box", async () => {
    const array = await datasetOf(await openVector(name), path);
    const draws = seededRandom(`${name} ${path}`);
    const boxes = [{ start: [0, 0], count: [ROWS, COLUMNS] }];
    for (let box = 0; box < 20; box++) {
      const start = [draws.integer(ROWS), draws.integer(COLUMNS)] as const;
      const count = [draws.integer(ROWS - start[0] + 1), draws.integer(COLUMNS - start[1] + 1)];
      boxes.push({ start: [...start], count });
    }
    for (const { start, count } of boxes) {
      const [row = 0, column = 0] = start;
      const [rows = 0, columns = 0] = count;
      const wanted = Array.from({ length: rows * columns }, (_, at) =>
        value(row + Math.floor(at / columns), column + (at % columns)),
      );
      expect(
        Array.from<unknown>(await array.read({ start, count })),
        `${count.join(" x ")} from ${start.join(", ")} on`,
      ).toEqual(wanted);
    }
  });
});

describe("what was never written", () => {
  it.each(["layouts-earliest.h5", "layouts-latest.h5"])(
    "is the fill value, beside what was, in %s",
    async (name) => {
      const file = await openVector(name);
      const sparse = Array.from<unknown>(await (await datasetOf(file, "sparse")).read());
      expect(sparse.flatMap((element, at) => (element === -9 ? [] : [[at, element]]))).toEqual([
        [9 * COLUMNS + 2, value(9, 2)],
      ]);
    },
  );

  it("is all of an array that has no storage", async () => {
    const file = await openVector("layouts-earliest.h5");
    const unwritten = await (await datasetOf(file, "unwritten")).read();
    expect(new Set<unknown>(unwritten)).toEqual(new Set([3]));
  });
});

describe("an index in pages", () => {
  it("finds the chunks of every page", async () => {
    const array = await datasetOf(await openVector("layouts-v110.h5"), "paged");
    const wanted = Int8Array.from({ length: 1100 }, (_, at) => at);
    expect(await array.read()).toEqual(wanted);
  });
});

describe("a box that the array does not have", () => {
  it("is the caller's fault", async () => {
    const array = await datasetOf(await openVector("layouts-v110.h5"), "tree");
    await expect(array.read({ start: [20, 0], count: [4, 5] })).rejects.toThrow(RangeError);
    await expect(array.read({ start: [20], count: [3] })).rejects.toThrow(RangeError);
  });
});
