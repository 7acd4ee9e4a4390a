import { describe, expect, test } from "vitest";
import { numbers, type Numbers } from "../../../../domain/onnx/interpret/array.ts";
import { runOperator } from "../support/run-operator.ts";

const vector = (...values: number[]): Numbers => numbers("float32", [values.length], values);
const closeTo = (values: number[]) => values.map((value) => expect.closeTo(value, 6) as number);

/** Two rows of one channel: mean 2, variance 1. */
const x = numbers("float32", [2, 1], [1, 3]);
const parameters = [vector(2), vector(10), vector(0), vector(4)];

describe("BatchNormalization", () => {
  test("takes the given statistics unless it trains", () => {
    const [y] = runOperator({
      operator: "BatchNormalization",
      opset: 9,
      inputs: [x, ...parameters],
      attributes: { epsilon: 0 },
    });
    expect([...(y?.data ?? [])]).toEqual(closeTo([11, 13]));
  });

  test.each([7, 9])(
    "of opset %i trains where it has more outputs, and gives the batch's statistics",
    (opset) => {
      const outputs = runOperator({
        operator: "BatchNormalization",
        opset,
        inputs: [x, ...parameters],
        attributes: { epsilon: 0, momentum: 0.75 },
        outputs: 5,
      });
      expect(outputs.map(({ data }) => [...data])).toEqual(
        [[8, 12], [0.5], [3.25], [2], [1]].map(closeTo),
      );
    },
  );

  test("of opset 14 and later trains where it is told to, on the population's variance", () => {
    const outputs = runOperator({
      operator: "BatchNormalization",
      opset: 15,
      inputs: [x, ...parameters],
      attributes: { epsilon: 0, momentum: 0.75, training_mode: 1 },
      outputs: 3,
    });
    expect(outputs.map(({ data }) => [...data])).toEqual([[8, 12], [0.5], [3.25]].map(closeTo));
  });

  test("before opset 9 may have statistics of each activation", () => {
    const [y] = runOperator({
      operator: "BatchNormalization",
      opset: 7,
      inputs: [
        numbers("float32", [1, 1, 2], [5, 7]),
        numbers("float32", [1, 2], [1, 10]),
        numbers("float32", [1, 2], [0, 0]),
        numbers("float32", [1, 2], [1, 2]),
        numbers("float32", [1, 2], [1, 1]),
      ],
      attributes: { epsilon: 0, spatial: 0 },
    });
    expect([...(y?.data ?? [])]).toEqual(closeTo([4, 50]));
  });

  test.each([
    [vector(1, 1), /input 1 is to be a vector of 1 elements/],
    [numbers("float32", [1, 1], [1]), /input 1 is to be a vector of 1 elements/],
  ])("refuses a scale that does not fit the channels", (scale, message) => {
    const inputs = [x, scale, ...parameters.slice(1)];
    expect(() => runOperator({ operator: "BatchNormalization", opset: 15, inputs })).toThrow(
      message,
    );
  });
});

describe("GroupNormalization", () => {
  const channels = numbers("float32", [1, 4, 1], [1, 3, 10, 30]);

  test("of opset 18 scales groups, later ones channels", () => {
    const run = (opset: number, scale: Numbers, bias: Numbers) =>
      runOperator({
        operator: "GroupNormalization",
        opset,
        inputs: [channels, scale, bias],
        attributes: { num_groups: 2, epsilon: 0 },
      }).map(({ data }) => [...data]);
    expect(run(18, vector(2, 3), vector(0, 1))).toEqual([closeTo([-2, 2, -2, 4])]);
    expect(run(21, vector(1, 2, 3, 4), vector(0, 0, 1, 1))).toEqual([closeTo([-1, 2, -2, 5])]);
  });

  test("refuses channels that do not divide into groups", () => {
    expect(() =>
      runOperator({
        operator: "GroupNormalization",
        opset: 21,
        inputs: [channels, vector(1, 1, 1, 1), vector(0, 0, 0, 0)],
        attributes: { num_groups: 3 },
      }),
    ).toThrow("4 channels do not divide into 3 groups");
  });
});

test("LayerNormalization gives the mean and the inverse deviation with size 1 along its axes", () => {
  const [y, mean, inverse] = runOperator({
    operator: "LayerNormalization",
    opset: 17,
    inputs: [numbers("float32", [2, 2], [1, 3, 0, 4]), vector(1, 10), vector(0, 5)],
    attributes: { epsilon: 0 },
    outputs: 3,
  });
  expect([...(y?.data ?? [])]).toEqual(closeTo([-1, 15, -1, 15]));
  expect(mean).toMatchObject({ dims: [2, 1], data: Float64Array.of(2, 2) });
  expect([...(inverse?.data ?? [])]).toEqual(closeTo([1, 0.5]));
});

test("LayerNormalization refuses a scale that would widen its input", () => {
  const inputs = [numbers("float32", [2, 1], [1, 2]), vector(1, 2)];
  expect(() => runOperator({ operator: "LayerNormalization", opset: 17, inputs })).toThrow(
    /input 1 \[2\] does not broadcast to \[2, 1\]/,
  );
});

test("LpNormalization leaves zeros", () => {
  const [y] = runOperator({
    operator: "LpNormalization",
    opset: 22,
    inputs: [numbers("float32", [2, 2], [0, 0, 3, -4])],
  });
  expect([...(y?.data ?? [])]).toEqual(closeTo([0, 0, 0.6, -0.8]));
});
