import type { Tensor } from "../tensors/tensor.ts";
import type { OptimisePass } from "./optimise-passes.ts";
import { OnnxFault } from "./onnx-fault.ts";
import type { EvaluateOptions } from "./evaluate-model.ts";
import type { Feeds } from "./rows.ts";

/** Rows to calibrate with, and to judge the model before and after by. */
export type OptimiseData = {
  inputs: Feeds;
  /** What is right for each row; without it the two models are only compared with each other. */
  labels?: Tensor;
};

/** What the new model has to keep to; each limit is checked only where it is given. */
export type Gate = {
  /** Of accuracy, or of R² for a regression: 0.01 is one point. */
  max_accuracy_loss?: number;
  /** Size after over size before. */
  max_size_ratio?: number;
  /** Time after over time before, as the median of many rounds; 1 is as fast. */
  max_slowdown?: number;
  /** The share of rows for which both models name the same class. */
  min_agreement?: number;
  /** How far contributions of features may change, as a share of their size. */
  max_attribution_change?: number;
};

export type SpeedRequest = {
  /** Rows in a run; 1. */
  batch_size?: number;
  warm_up?: number;
  runs?: number;
  max_seconds?: number;
};

export type OptimiseRequest = OptimisePass & {
  data?: OptimiseData;
  gate?: Gate;
  /** How the outputs are judged. */
  evaluation?: EvaluateOptions;
  /** How the speeds are compared; false does not. */
  speed?: SpeedRequest | false;
  /** Whether a model that does not pass the gate is given all the same. */
  return_refused?: boolean;
};

/** Throws `OnnxFault` (bad_request), naming the field, for what cannot be done as asked. */
export function checkRequest({ kind, data, gate = {}, speed }: OptimiseRequest): void {
  if (kind === "quantize_static" && data === undefined)
    throw missing("data.inputs", "static quantisation is calibrated with them");
  if (gate.max_accuracy_loss !== undefined && data?.labels === undefined)
    throw missing("data.labels", "'gate.max_accuracy_loss' compares accuracies");
  if (gate.min_agreement !== undefined && data === undefined)
    throw missing("data.inputs", "'gate.min_agreement' compares answers");
  if (gate.max_attribution_change !== undefined && data === undefined)
    throw missing("data.inputs", "'gate.max_attribution_change' compares explanations of them");
  if (gate.max_slowdown !== undefined && speed === false)
    throw missing("speed", "'gate.max_slowdown' compares speeds, and 'speed' is false");
  for (const [name, value] of Object.entries(gate))
    if (!(value >= 0)) throw new OnnxFault("bad_request", `'gate.${name}' is to be 0 or more`);
}

const missing = (field: string, reason: string): OnnxFault =>
  new OnnxFault("bad_request", `'${field}' is needed: ${reason}`);
