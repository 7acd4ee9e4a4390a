import { ExplainFault } from "../explain-fault.ts";
import {
  aggregateImportance,
  type AggregatedImportance,
  type ImportanceMeasure,
} from "./aggregate-importance.ts";
import { quantileOf } from "./column-statistics.ts";
import { rowsWhere, type ExplanationTable } from "./explanation-table.ts";

export type PredictionSegment = {
  /** Such as "[0.2, 0.5)". */
  label: string;
  /** Null where the segment is open. */
  low: number | null;
  high: number | null;
  rows: number;
  /** Null for a segment without rows. */
  importance: AggregatedImportance | null;
};

export type SegmentOptions = {
  /** Ascending, at least two. Without them the segments have equal numbers of rows, as far as predictions differ. */
  edges?: readonly number[];
  /** How many segments, where no edges are given. */
  segments?: number;
  measure?: ImportanceMeasure;
};

/**
 * The importances among rows of alike predictions. A segment has its lower edge and not its upper
 * one, but the last has both. Rows outside the edges get a segment of their own on their side, so
 * that every row is in one.
 */
export function segmentByPrediction(
  table: ExplanationTable,
  { edges, segments = 4, measure = "mean" }: SegmentOptions = {},
): PredictionSegment[] {
  const bounds = edges === undefined ? quantileEdges(table, segments) : checked(edges);
  return rangesOf(bounds).flatMap(({ low, high, label, isOutside, holds }) => {
    const inside = rowsWhere(table, (row) => holds(table.predictions[row] ?? 0));
    if (isOutside && inside.rows === 0) return [];
    const importance = inside.rows === 0 ? null : aggregateImportance(inside, measure);
    return [{ label, low, high, rows: inside.rows, importance }];
  });
}

type Range = {
  low: number | null;
  high: number | null;
  label: string;
  isOutside: boolean;
  holds: (prediction: number) => boolean;
};

function rangesOf(edges: readonly number[]): Range[] {
  const [first = 0, last = 0] = [edges[0], edges.at(-1)];
  const inner = edges.slice(0, -1).map((low, at): Range => {
    const high = edges[at + 1] ?? low;
    const isLast = at === edges.length - 2;
    return {
      low,
      high,
      label: `[${numeral(low)}, ${numeral(high)}${isLast ? "]" : ")"}`,
      isOutside: false,
      holds: (prediction) =>
        prediction >= low && (prediction < high || (isLast && prediction === high)),
    };
  });
  return [
    {
      low: null,
      high: first,
      label: `(-∞, ${numeral(first)})`,
      isOutside: true,
      holds: (prediction) => prediction < first,
    },
    ...inner,
    {
      low: last,
      high: null,
      label: `(${numeral(last)}, ∞)`,
      isOutside: true,
      holds: (prediction) => prediction > last,
    },
  ];
}

/** Quantiles of predictions, and the edges of others, may have more digits than a label needs. */
const numeral = (value: number): string => String(Number(value.toPrecision(6)));

function quantileEdges({ predictions }: ExplanationTable, segments: number): number[] {
  if (!Number.isInteger(segments) || segments < 1)
    throw new ExplainFault(
      "option_invalid",
      `'segments' is ${segments}, and is to be a whole number of at least 1`,
      "segments",
    );
  const sorted = predictions.toSorted();
  const edges = Array.from({ length: segments + 1 }, (_, at) => quantileOf(sorted, at / segments));
  const [first = 0] = edges;
  const different = edges.filter((edge, at) => at === 0 || edge > (edges[at - 1] ?? edge));
  return different.length > 1 ? different : [first, first];
}

function checked(edges: readonly number[]): readonly number[] {
  const isAscending = edges.every(
    (edge, at) => Number.isFinite(edge) && (at === 0 || edge > (edges[at - 1] ?? edge)),
  );
  if (edges.length < 2 || !isAscending)
    throw new ExplainFault(
      "option_invalid",
      `the edges are [${edges.join(", ")}], and are to be at least two finite numbers, each greater than the one before`,
      "prediction_bins",
    );
  return edges;
}
