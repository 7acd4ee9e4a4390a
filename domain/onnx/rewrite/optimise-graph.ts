import type { Model } from "../model.ts";
import type { Runtime } from "../runtime.ts";
import { eliminateCommonSubexpressions } from "./eliminate-common-subexpressions.ts";
import { foldConstants, foldKnownSizes, type FoldOptions } from "./fold-constants.ts";
import { fuseBatchNormalization } from "./fuse-batch-normalization.ts";
import { fuseMatMulAdd } from "./fuse-matmul-add.ts";
import { inlineFunctions } from "./inline-functions.ts";
import { removeDead } from "./remove-dead.ts";
import { removeIdentities } from "./remove-identities.ts";

/** Each round makes the graph smaller; more rounds than this gain nothing that is worth the time. */
const MAX_ROUNDS = 16;

const PASSES: readonly ((model: Model) => Model)[] = [
  removeIdentities,
  fuseMatMulAdd,
  fuseBatchNormalization,
  eliminateCommonSubexpressions,
  removeDead,
];

export type OptimiseGraphOptions = FoldOptions & {
  /** What folds constants; without it only sizes are folded. */
  runtime?: Runtime;
};

/**
 * The model that computes the same with fewer nodes: functions inlined, constants folded, copies
 * and repetitions removed, BatchNormalization and Add fused into the layer before, until nothing
 * more changes. Inputs and outputs stay as they are. What differs is rounding in the fused layers.
 */
export async function optimiseGraph(
  model: Model,
  { runtime, ...options }: OptimiseGraphOptions = {},
): Promise<Model> {
  let current = removeDead(inlineFunctions(model));
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = current;
    current = runtime ? await foldConstants(current, runtime, options) : foldKnownSizes(current);
    for (const pass of PASSES) current = pass(current);
    if (current === before) break;
  }
  return current;
}
