import type { Model } from "../model.ts";
import type { SkippedNode } from "./node-choice.ts";

export type QuantiseReport = {
  /** Nodes that compute with bytes now. */
  quantized_nodes: number;
  /** Nodes that could, by their operator, but do not. */
  skipped: readonly SkippedNode[];
};

export type Quantised = { model: Model; report: QuantiseReport };
