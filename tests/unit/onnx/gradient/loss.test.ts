import { describe, expect, test } from "vitest";
import type { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { numbers, type Numbers } from "../../../../domain/onnx/interpret/array.ts";
import { countOf } from "../../../../domain/tensors/tensor.ts";
import { gradientAt } from "../support/gradient-at.ts";
import { checkGradient } from "../support/gradient-check.ts";
import { normals, randomOf } from "../support/random-numbers.ts";
import { checkOnWasm } from "../support/wasm-check.ts";

const random = randomOf("loss");
const CLASSES = 3;

/** The first label counts, whichever is ignored: a mean over none is 0 / 0. */
const labelsOf = (dims: number[], type: "int32" | "int64", ignored?: number): Numbers =>
  numbers(
    type,
    dims,
    Array.from({ length: countOf(dims) }, (_, index) => {
      if (index === 0) return CLASSES - 1;
      return ignored !== undefined && index % 3 === 1 ? ignored : random.integer(CLASSES);
    }),
  );

const weightsOf = (): Numbers =>
  numbers(
    "float64",
    [CLASSES],
    Array.from({ length: CLASSES }, () => 0.5 + random.uniform()),
  );

type Case = { reduction: string; rest: number[]; ignored?: number; isWeighted: boolean };

const CASES: Case[] = ["none", "sum", "mean"].flatMap((reduction) =>
  [[], [2], [2, 2]].flatMap((rest) =>
    [undefined, -100, 1].flatMap((ignored) =>
      [false, true].map((isWeighted) => ({
        reduction,
        rest,
        isWeighted,
        ...(ignored === undefined ? {} : { ignored }),
      })),
    ),
  ),
);

const inputsOf = ({ rest, ignored, isWeighted }: Case): Record<string, Numbers> => ({
  scores: normals(random, [4, CLASSES, ...rest]),
  labels: labelsOf([4, ...rest], rest.length === 1 ? "int32" : "int64", ignored),
  ...(isWeighted ? { weights: weightsOf() } : {}),
});

const builds = (
  operator: string,
  inputs: Record<string, Numbers>,
  { reduction, ignored }: Case,
) => {
  const names = Object.keys(inputs);
  return (b: GraphBuilder): string => b.node(operator, names, { reduction, ignore_index: ignored });
};

describe.each(["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"])("%s", (operator) => {
  test.each(CASES)(
    "$reduction of [4, 3, $rest], ignoring $ignored, weighted $isWeighted",
    (given) => {
      const inputs = inputsOf(given);
      checkGradient({
        name: `${operator} ${JSON.stringify(given)}`,
        inputs,
        build: builds(operator, inputs, given),
      });
    },
  );

  test.each(["none", "mean"])("a free batch size, %s", async (reduction) => {
    const given = { reduction, rest: [2], ignored: 0, isWeighted: true };
    const inputs = inputsOf(given);
    const gradientCase = {
      name: `${operator} ${reduction} with a symbol`,
      inputs,
      build: builds(operator, inputs, given),
      with_respect_to: ["scores"],
    };
    checkGradient(gradientCase);
    await checkOnWasm({ ...gradientCase, profiles: ["wasm", "webgpu"] });
  });
});

describe("SoftmaxCrossEntropyLoss", () => {
  const scores = numbers("float64", [2, 3], [1, 2, 3, 0, 0, Math.log(2)]);
  const labels = numbers("int64", [2], [2, 0]);

  test("gives the probabilities less the labels, over the batch", () => {
    const { scores: found = [] } = gradientAt({ scores, labels }, (b) =>
      b.node("SoftmaxCrossEntropyLoss", ["scores", "labels"]),
    );
    const total = Math.E + Math.E ** 2 + Math.E ** 3;
    const expected = [
      Math.E / total / 2,
      Math.E ** 2 / total / 2,
      (Math.E ** 3 / total - 1) / 2,
      (0.25 - 1) / 2,
      0.25 / 2,
      0.5 / 2,
    ];
    for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 12);
  });

  test("follows the logarithms of the probabilities, alone and beside the loss", () => {
    for (const both of [false, true])
      checkGradient({
        name: `log_prob ${both}`,
        inputs: { scores, labels },
        build: (b) => {
          const [loss = "", logarithms = ""] = b.nodes(
            "SoftmaxCrossEntropyLoss",
            ["scores", "labels"],
            2,
          );
          return both ? b.node("Mul", [loss, logarithms]) : logarithms;
        },
      });
  });

  test("does not overflow where the scores are far apart", () => {
    const far = numbers("float64", [1, 2], [2000, -2000]);
    const found = gradientAt({ far, labels: numbers("int64", [1], [1]) }, (b) =>
      b.node("SoftmaxCrossEntropyLoss", ["far", "labels"]),
    );
    expect(found["far"]).toEqual([1, -1]);
  });
});

test("the number of classes may be known only as the graph runs", () => {
  for (const operator of ["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"])
    checkGradient({
      name: `${operator} with free classes`,
      inputs: {
        transposed: normals(random, [CLASSES, 4]),
        labels: labelsOf([4], "int64"),
      },
      symbolic: true,
      build: (b) => b.node(operator, [b.node("Transpose", ["transposed"]), "labels"]),
    });
});
