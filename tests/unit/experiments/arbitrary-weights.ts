import * as fc from "fast-check";
import { WHOLE } from "../../../domain/experiments/weight.ts";

/** 1 to 20 weights in units that sum to exactly the whole; some may be zero. */
export const arbitraryWeights: fc.Arbitrary<number[]> = fc
  .array(fc.oneof(fc.integer({ min: 0, max: WHOLE }), fc.constantFrom(0, 1, WHOLE - 1, WHOLE)), {
    maxLength: 19,
  })
  .map((cuts) => {
    const ends = [...cuts.toSorted((left, right) => left - right), WHOLE];
    return ends.map((end, index) => end - (ends[index - 1] ?? 0));
  });
