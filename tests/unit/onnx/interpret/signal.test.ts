import { expect, test } from "vitest";
import { numbers, scalar, type Numbers } from "../../../../domain/onnx/interpret/array.ts";
import { normals, randomOf } from "../support/random-numbers.ts";
import { runOperator } from "../support/run-operator.ts";

const random = randomOf("signal");

const run = (
  operator: string,
  inputs: (Numbers | undefined)[],
  attributes = {},
  opset = 20,
): Numbers => {
  const [y] = runOperator({ operator, opset, inputs, attributes });
  if (y === undefined || y.type === "string") throw new Error("no numbers");
  return y;
};

const expectClose = (found: Numbers, expected: ArrayLike<number>): void => {
  expect(found.data.length).toBe(expected.length);
  for (const [at, value] of found.data.entries()) expect(value).toBeCloseTo(expected[at] ?? NaN, 9);
};

test("the transform of a cosine stands at its frequency, half on each side", () => {
  const wave = Array.from({ length: 8 }, (_, n) => Math.cos((2 * Math.PI * 2 * n) / 8));
  const y = run("DFT", [numbers("float64", [1, 8, 1], wave)]);
  expect(y.dims).toEqual([1, 8, 2]);
  const real = [0, 0, 4, 0, 0, 0, 4, 0].flatMap((value) => [value, 0]);
  expectClose(y, real);
});

test.each([
  [17, 1],
  [20, -2],
])("of opset %i, the inverse undoes the transform of complex numbers along %i", (opset, axis) => {
  const x = normals(random, [2, 5, 2]);
  const back = (inverse: number, value: Numbers): Numbers =>
    opset < 20
      ? run("DFT", [value], { axis, inverse }, opset)
      : run("DFT", [value, undefined, scalar("int64", axis)], { inverse }, opset);
  expectClose(back(1, back(0, x)), x.data);
});

test.each([6, 7])("one side of the transform is enough for a real signal of %i", (length) => {
  const x = normals(random, [1, length, 1]);
  const half = run("DFT", [x], { onesided: 1 });
  expect(half.dims).toEqual([1, Math.floor(length / 2) + 1, 2]);
  const back = run("DFT", [half, scalar("int64", length)], { onesided: 1, inverse: 1 });
  expect(back.dims).toEqual([1, length, 1]);
  expectClose(back, x.data);
});

test("a shorter length cuts the signal, a longer one pads it with zeros", () => {
  const x = numbers("float64", [1, 3, 1], [1, 2, 4]);
  const sumOf = (length: number): number | undefined =>
    run("DFT", [x, scalar("int64", length)]).data[0];
  expect([sumOf(2), sumOf(3), sumOf(5)]).toEqual([3, 7, 7]);
  expect(run("DFT", [x, scalar("int64", 5)]).dims).toEqual([1, 5, 2]);
});

test("each frame of the short-time transform is the transform of its windowed samples", () => {
  const x = normals(random, [1, 9, 1]);
  const weights = normals(random, [4]);
  const y = run("STFT", [x, scalar("int64", 2), weights, scalar("int64", 4)]);
  expect(y.dims).toEqual([1, 3, 3, 2]);
  for (const frame of [0, 1, 2]) {
    const samples = weights.data.map((weight, n) => weight * (x.data[frame * 2 + n] ?? 0));
    const own = run("DFT", [numbers("float64", [1, 4, 1], samples)], { onesided: 1 });
    expectClose({ ...own, data: y.data.slice(frame * 6, frame * 6 + 6) }, own.data);
  }
});

test("windows: a periodic one is the longer symmetric one without its end", () => {
  for (const operator of ["HannWindow", "HammingWindow", "BlackmanWindow"]) {
    const periodic = run(operator, [scalar("int64", 6)], { output_datatype: 11 }, 17);
    const symmetric = run(operator, [scalar("int64", 7)], { periodic: 0, output_datatype: 11 }, 17);
    expectClose(periodic, symmetric.data.slice(0, 6));
    expect(symmetric.data[3]).toBeCloseTo(1, 9);
  }
});

test("the bands of a mel matrix have one peak each, in rising order", () => {
  const inputs = [scalar("int64", 4), scalar("int64", 64), scalar("int64", 8000)];
  const edges = [scalar("float32", 100), scalar("float32", 3800)];
  const { dims, data } = run("MelWeightMatrix", [...inputs, ...edges], {}, 17);
  expect(dims).toEqual([33, 4]);
  const peaks = [0, 1, 2, 3].map((band) => {
    const weights = Array.from({ length: 33 }, (_, bin) => data[bin * 4 + band] ?? 0);
    expect(Math.max(...weights)).toBe(1);
    expect(Math.min(...weights)).toBe(0);
    return weights.indexOf(1);
  });
  expect(peaks).toEqual(peaks.toSorted((a, b) => a - b));
});
