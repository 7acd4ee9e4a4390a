import { expect, test } from "vitest";
import { segmentByPrediction } from "../../../../domain/explain/summary/segment-by-prediction.ts";
import { tableOfValues } from "./support/tables.ts";

const table = (predictions: readonly number[]) =>
  tableOfValues(
    predictions.map((prediction) => [prediction, -2 * prediction]),
    (at) => ({ prediction: predictions[at] ?? 0 }),
  );

test("a segment has its lower edge, and the last has both", () => {
  const segments = segmentByPrediction(table([0, 0.2, 0.4, 0.5, 1]), { edges: [0, 0.2, 0.5, 1] });
  expect(segments.map(({ label, rows }) => [label, rows])).toEqual([
    ["[0, 0.2)", 1],
    ["[0.2, 0.5)", 2],
    ["[0.5, 1]", 2],
  ]);
  expect(segments[1]?.importance?.features[0]).toMatchObject({
    feature: "f1",
    importance: expect.closeTo(0.6),
  });
});

test("rows outside the edges have a segment of their own, so that none is lost", () => {
  const segments = segmentByPrediction(table([-1, 0.3, 1.0000001]), { edges: [0, 1] });
  expect(segments.map(({ label, rows, low, high }) => [label, rows, low, high])).toEqual([
    ["(-∞, 0)", 1, null, 0],
    ["[0, 1]", 1, 0, 1],
    ["(1, ∞)", 1, 1, null],
  ]);
});

test("a segment without rows is told of, without importances", () => {
  const [empty] = segmentByPrediction(table([0.9]), { edges: [0, 0.5, 1] });
  expect(empty).toEqual({ label: "[0, 0.5)", low: 0, high: 0.5, rows: 0, importance: null });
});

test("without edges the segments have equal numbers of rows", () => {
  const segments = segmentByPrediction(table(Array.from({ length: 100 }, (_, at) => at ** 2)));
  expect(segments.map(({ rows }) => rows)).toEqual([25, 25, 25, 25]);
});

test("predictions that are all alike are one segment, and few different ones few", () => {
  expect(segmentByPrediction(table([0.5, 0.5])).map(({ label, rows }) => [label, rows])).toEqual([
    ["[0.5, 0.5]", 2],
  ]);
  const counts = segmentByPrediction(table([0, 0, 0, 0, 0, 0, 1, 1])).map(({ rows }) => rows);
  expect(counts.reduce((sum, rows) => sum + rows, 0)).toBe(8);
});

test.each([[[1]], [[0, 0]], [[1, 0]], [[0, Number.NaN]]])("the edges %j are refused", (edges) => {
  expect(() => segmentByPrediction(table([0]), { edges })).toThrow(/edges/);
});

test("so is a part of a segment", () => {
  expect(() => segmentByPrediction(table([0]), { segments: 1.5 })).toThrow(/segments/);
});
