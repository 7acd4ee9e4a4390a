import {
  analyse,
  type Analysed,
  type Analysis,
  type AnalysisOptions,
  type SignificanceResult,
} from "../../../domain/experiments/analysis.ts";
import type { Cell } from "../../../domain/experiments/totals.ts";
import { cell, type Counted, definition, epochOf } from "./plain-cells.ts";

export const repeated = (value: number, times: number): number[] =>
  Array<number>(times).fill(value);
export const zeroOne = (ones: number, of: number): number[] => [
  ...repeated(1, ones),
  ...repeated(0, of - ones),
];

export const options = (changes: Partial<AnalysisOptions> = {}): AnalysisOptions => ({
  metric: "success_rate",
  confidence_level: 0.95,
  interval: "newcombe",
  test: "auto",
  compare_with: "control",
  ...changes,
});

export function analysed(
  cells: readonly Cell[],
  asked: Partial<AnalysisOptions> = {},
  defined: Partial<Analysed> = {},
  epochs = [epochOf(1)],
): Analysis {
  const analysis = analyse(definition(defined), { cells, epochs }, options(asked));
  if (!analysis.ok) throw new Error(analysis.error.detail);
  return analysis.value;
}

export const bothArms = (control: Counted, variant: Counted): Cell[] => [
  cell({ ...control, variant: 0 }),
  cell({ ...variant, variant: 1 }),
];

export const compare = (
  metric: string,
  control: Counted,
  variant: Counted,
  asked: Partial<AnalysisOptions> = {},
  defined: Partial<Analysed> = {},
): SignificanceResult | undefined =>
  analysed(bothArms(control, variant), { metric, ...asked }, defined).results[0];

export const requests = (successes: number, of: number): Counted => ({
  requests: of,
  errors: of - successes,
});
