import { describe, test } from "vitest";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { checkGradient } from "../support/gradient-check.ts";
import { checkOnWasm } from "../support/wasm-check.ts";
import { normals, randomOf } from "../support/random-numbers.ts";

const random = randomOf("linear");

type Case = [name: string, shapes: number[][], attributes?: AttributeLiterals];

const MAT_MUL: Case[] = [
  [
    "matrices",
    [
      [3, 4],
      [4, 2],
    ],
  ],
  [
    "a batch and one matrix",
    [
      [2, 3, 4],
      [4, 2],
    ],
  ],
  [
    "one matrix and a batch",
    [
      [3, 4],
      [2, 4, 2],
    ],
  ],
  [
    "two batches",
    [
      [2, 3, 4],
      [2, 4, 2],
    ],
  ],
  [
    "batches that broadcast",
    [
      [2, 1, 3, 4],
      [3, 4, 2],
    ],
  ],
  ["a row and a matrix", [[4], [4, 2]]],
  ["a matrix and a column", [[3, 4], [4]]],
  ["a row and a batch", [[4], [2, 4, 3]]],
  ["a batch and a column", [[2, 3, 4], [4]]],
  ["a row and a column", [[4], [4]]],
];

const GEMM: Case[] = [0, 1].flatMap((transA) =>
  [0, 1].map((transB): Case => {
    const [a, w] = [transA === 0 ? [3, 4] : [4, 3], transB === 0 ? [4, 2] : [2, 4]];
    return [
      `transA ${transA}, transB ${transB}`,
      [a, w, [[2], [3, 1], [1, 1], [3, 2]][transA * 2 + transB] ?? []],
      { transA, transB, alpha: 0.5, beta: -2 },
    ];
  }),
);

const EINSUM: [equation: string, shapes: number[][]][] = [
  [
    "ij,jk->ik",
    [
      [2, 3],
      [3, 4],
    ],
  ],
  [
    "bij,bjk->bik",
    [
      [2, 2, 3],
      [2, 3, 4],
    ],
  ],
  [
    "...ij,jk",
    [
      [2, 2, 3],
      [3, 2],
    ],
  ],
  [
    "...i,...i->...",
    [
      [2, 1, 3],
      [2, 4, 3],
    ],
  ],
  ["i,j->ij", [[2], [3]]],
  ["ij->j", [[2, 3]]],
  ["ij->", [[2, 3]]],
  ["ij->ji", [[2, 3]]],
  ["ii->i", [[3, 3]]],
  ["ii", [[3, 3]]],
  ["iji,j->i", [[2, 3, 2], [3]]],
  [
    "ij,jk,kl->il",
    [
      [2, 3],
      [3, 2],
      [2, 2],
    ],
  ],
  [
    "ij,kj->k",
    [
      [2, 3],
      [2, 3],
    ],
  ],
  ["i,i->", [[3], [1]]],
  [
    "ab,cd->ac",
    [
      [2, 3],
      [2, 2],
    ],
  ],
];

const inputsOf = (shapes: number[][]) =>
  Object.fromEntries(shapes.map((dims, index) => [`x${index}`, normals(random, dims)]));

const names = (shapes: number[][]): string[] => shapes.map((_, index) => `x${index}`);

describe("gradients of MatMul", () => {
  test.each(MAT_MUL)("%s", (name, shapes) => {
    checkGradient({
      name,
      inputs: inputsOf(shapes),
      build: (b) => b.node("MatMul", names(shapes)),
    });
  });

  test("a batch whose size is not known", () => {
    checkGradient({
      name: "batch",
      symbolic: true,
      inputs: inputsOf([
        [2, 3, 4],
        [2, 4, 2],
      ]),
      build: (b) => b.node("MatMul", ["x0", "x1"]),
    });
  });

  test("a value that is both operands", () => {
    checkGradient({
      name: "square",
      inputs: { x: normals(random, [3, 3]) },
      build: (b) => b.node("MatMul", ["x", "x"]),
    });
  });
});

describe("gradients of Gemm", () => {
  test.each(GEMM)("%s", (name, shapes, attributes) => {
    checkGradient({
      name,
      inputs: inputsOf(shapes),
      build: (b) => b.node("Gemm", names(shapes), attributes),
    });
  });

  test("without C", () => {
    checkGradient({
      name: "no C",
      inputs: inputsOf([
        [2, 3],
        [3, 2],
      ]),
      build: (b) => b.node("Gemm", ["x0", "x1"]),
    });
  });
});

describe("gradients of Einsum", () => {
  test.each(EINSUM)("%s", (equation, shapes) => {
    checkGradient({
      name: equation,
      inputs: inputsOf(shapes),
      build: (b) => b.node("Einsum", names(shapes), { equation }),
    });
  });
});

test("operands whose ellipses have different ranks, which ONNX Runtime refuses", () => {
  const shapes = [
    [2, 1, 3],
    [4, 3],
  ];
  checkGradient({
    name: "ranks",
    inputs: inputsOf(shapes),
    build: (b) => b.node("Einsum", names(shapes), { equation: "...i,...i->..." }),
  });
});

describe("the emitted graphs on ONNX Runtime", () => {
  test.each([
    ...MAT_MUL.map(([name, shapes]) => [`MatMul: ${name}`, "MatMul", shapes, {}] as const),
    ...GEMM.map(
      ([name, shapes, attributes = {}]) => [`Gemm: ${name}`, "Gemm", shapes, attributes] as const,
    ),
    ...EINSUM.map(
      ([equation, shapes]) => [`Einsum: ${equation}`, "Einsum", shapes, { equation }] as const,
    ),
  ])("%s", async (name, operator, shapes, attributes) => {
    await checkOnWasm({
      name,
      inputs: inputsOf(shapes),
      build: (b) => b.node(operator, names(shapes), attributes),
      profiles: ["wasm"],
    });
  });
});
