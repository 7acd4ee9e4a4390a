import {
  combineEpochs,
  sequentialSampleRatioTest,
} from "../statistics/sequential-sample-ratio-test.ts";
import type { ExperimentStatus } from "./experiment.ts";
import { type Cell, cellsByEpoch, noTotals } from "./totals.ts";

/** Units of 10^-12 by variant, in force during an epoch. */
export type EpochWeights = { epoch: number; status: ExperimentStatus; weights: readonly number[] };

export type SampleRatioReport = {
  /** Always valid: may be looked at after every request. 1 while there is nothing to tell. */
  p_value: number;
  mismatch: boolean;
  /** What was counted: sticky users where there are any, by their first exposure, or else requests. */
  counted: "users" | "requests";
  epochs: { epoch: number; observed: number[]; expected: number[]; p_value: number }[];
};

/** A mismatch is a defect of the experiment and not a finding, so it takes strong evidence. */
const ALPHA = 0.001;

/** Whether the variants' traffic agrees with the weights, each epoch by its own weights. */
export function sampleRatio(
  cells: readonly Cell[],
  epochs: readonly EpochWeights[],
): SampleRatioReport {
  const counted = cells.some(({ units }) => units > 0) ? "users" : "requests";
  const found = cellsByEpoch(cells);
  const tested = epochs
    .filter(({ status }) => status === "running")
    .flatMap(({ epoch, weights }) => {
      const arms = found.get(epoch) ?? [];
      const observed = weights.map((_, variant) => {
        const { units, counts } = arms[variant] ?? noTotals;
        return counted === "users" ? units : counts.requests;
      });
      const total = observed.reduce((sum, count) => sum + count, 0);
      if (total === 0) return [];
      const whole = weights.reduce((sum, weight) => sum + weight, 0);
      const shares = weights.map((weight) => weight / whole);
      const test = sequentialSampleRatioTest(observed, shares);
      if (!test.ok) return [];
      const expected = shares.map((share) => share * total);
      return [{ epoch, observed, expected, ...test.value }];
    });
  const { pValue } = combineEpochs(tested);
  return {
    p_value: pValue,
    mismatch: pValue < ALPHA,
    counted,
    epochs: tested.map(({ epoch, observed, expected, pValue }) => ({
      epoch,
      observed,
      expected,
      p_value: pValue,
    })),
  };
}
