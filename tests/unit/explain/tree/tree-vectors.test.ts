import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { prepareTreeShap } from "../../../../domain/explain/tree/prepare-tree-shap.ts";
import { readTreeModel } from "../../../../domain/explain/tree/read-tree-model.ts";
import { readModel } from "../../../../domain/onnx/codec/onnx-file.ts";

type Known = { base: number; values: number[][]; interactions?: number[][] };
type Case = {
  name: string;
  output: string;
  index: number;
  prediction: number[];
  interventional: Known;
  path_dependent?: Known;
  probability?: Known;
};
type Vectors = { training: number[][]; background: number; rows: number[][]; cases: Case[] };

const folder = new URL("../../vectors/explain/", import.meta.url);
const known = JSON.parse(readFileSync(new URL("trees.json", folder), "utf8")) as Vectors;

const backgroundOf = (rows: readonly number[][]) => ({
  rows: Float32Array.from(rows.flat()),
  count: rows.length,
  weights: new Float64Array(rows.length).fill(1 / rows.length),
});
const training = backgroundOf(known.training);
const background = backgroundOf(known.training.slice(0, known.background));

/** shap computes xgboost's and scikit-learn's sums partly in float32. */
const WITHIN = 2e-6;

describe.each(known.cases)("$name", ({ name, output, index, prediction, ...cases }) => {
  const model = readTreeModel(readModel(readFileSync(new URL(`trees/${name}.onnx`, folder))), {
    output,
    index,
  });
  const given = [
    ["interventional", "raw", background, cases.interventional],
    ["path_dependent", "raw", name.includes("hit-rates") ? null : training, cases.path_dependent],
    ["interventional", "probability", background, cases.probability],
  ] as const;

  test.each(given.filter(([, , , expected]) => expected !== undefined))(
    "%s values on the scale %s are those of shap",
    (mode, scale, background, expected) => {
      const explainer = prepareTreeShap(model, { mode, scale, background });
      for (const [at, row] of known.rows.entries()) {
        const found = explainer.explain(Float32Array.from(row), {
          interactions: at === 0 && expected?.interactions !== undefined,
        });
        expect(Math.abs(found.base - (expected?.base ?? 0))).toBeLessThan(WITHIN);
        for (const [player, value] of (expected?.values[at] ?? []).entries())
          expect(Math.abs((found.values[player] ?? 0) - value)).toBeLessThan(WITHIN);
        for (const [pair, value] of (found.interactions
          ? expected?.interactions?.flat()
          : []
        )?.entries() ?? [])
          expect(Math.abs((found.interactions?.[pair] ?? 0) - value)).toBeLessThan(WITHIN);
      }
    },
  );

  test("predicts what ONNX Runtime predicts", () => {
    const explainer = prepareTreeShap(model, {
      mode: "interventional",
      scale: "probability",
      background,
    });
    for (const [at, row] of known.rows.entries()) {
      const found = explainer.explain(Float32Array.from(row));
      expect(Math.abs(found.prediction - (prediction[at] ?? 0))).toBeLessThan(WITHIN);
    }
  });
});
