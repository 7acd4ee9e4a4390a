import { describe, expect, test } from "vitest";
import { preparePipeline } from "../../../domain/preprocessing/prepare-pipeline.ts";
import { readPipeline } from "../../../domain/preprocessing/read-pipeline.ts";
import type { Signature } from "../../../domain/tensors/tensor.ts";
import vectors from "../vectors/preprocessing/bags.json" with { type: "json" };

const x = { name: "x", type: "float64" as const, shape: ["rows", null] };
const SIGNATURE: Signature = { inputs: [x], outputs: [] };

const pipelineOf = (rest: object) =>
  preparePipeline(
    readPipeline({ value: { version: 1, kind: "text", input: "x", ...rest }, path: "pipeline" }),
  );

/** The rows of the batch as [column, value] pairs of what is not 0. */
function rowsOf(rest: object, texts: readonly unknown[]): [number, number][][] {
  const made = pipelineOf(rest).run(texts, SIGNATURE);
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const { dims, data } = made.value["x"] ?? { dims: [], data: [] };
  const [rows = 0, columns = 0] = dims;
  return Array.from({ length: rows }, (_, row) =>
    Array.from(data.slice(row * columns, (row + 1) * columns), Number).flatMap(
      (value, column): [number, number][] => (value === 0 ? [] : [[column, value]]),
    ),
  );
}

describe("texts become the rows that scikit-learn makes", () => {
  test.each(vectors.cases)("$call", ({ pipeline, rows }) => {
    const made = rowsOf(pipeline, vectors.texts);
    expect(made.map((row) => row.map(([column]) => column))).toEqual(
      rows.map((row) => row.map(([column]) => column)),
    );
    for (const [index, row] of made.entries())
      for (const [at, [, value]] of row.entries())
        expect(value).toBeCloseTo(rows[index]?.[at]?.[1] ?? Number.NaN, 12);
  });
});

test("terms that cancel each other out count where only their presence does", () => {
  // Of three columns, "aa" and "bb" have the same one with opposite signs.
  const clash = ["aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh"];
  const vector = { by: "hashing", n_features: 1, norm: "none" };
  const tokens = { by: "words" };
  const signs = rowsOf({ tokens, vector }, clash).map(([first]) => first?.[1]);
  const [plus, minus] = [clash[signs.indexOf(1)], clash[signs.indexOf(-1)]];
  expect(rowsOf({ tokens, vector }, [`${plus} ${minus}`])).toEqual([[]]);
  expect(rowsOf({ tokens, vector: { ...vector, binary: true } }, [`${plus} ${minus}`])).toEqual([
    [[0, 1]],
  ]);
});

test("a text without terms is a row of zeros, which no norm divides", () => {
  for (const norm of ["l1", "l2", "none"])
    expect(
      rowsOf({ tokens: { by: "words" }, vector: { by: "hashing", n_features: 8, norm } }, [
        "",
        "!",
      ]),
    ).toEqual([[], []]);
});

test("what is no text is refused with its place, and so are more texts than memory holds", () => {
  const tokens = { by: "words" };
  const wide = pipelineOf({ tokens, vector: { by: "hashing", n_features: 2 ** 20 } });
  expect(wide.run(["a", 7], SIGNATURE)).toEqual({
    ok: false,
    error: { code: "input_type", input: "x", expected: "a text", found: "7", path: "[1]" },
  });
  expect(wide.run(["a", "b", "c", "d"], SIGNATURE)).toMatchObject({
    error: { code: "input_shape", expected: "at most 3 texts at once, for 1048576 columns" },
  });
  expect(wide.run([], SIGNATURE)).toMatchObject({ error: { code: "input_shape" } });
});
