import {
  openSubject,
  releaseSubject,
  type Subject,
} from "../../../domain/explain/engine/subject.ts";
import {
  explainInstances,
  type ExplainedRow,
} from "../../../domain/explain/engine/explain-instances.ts";
import type { ExplainRequest } from "../../../domain/explain/explain-request.ts";
import { readModel } from "../../../domain/onnx/codec/onnx-file.ts";
import { signatureOf } from "../../../domain/onnx/signature-of.ts";
import type { Feeds } from "../../../domain/onnx/rows.ts";
import { wasmRuntime } from "../../fixtures/wasm-runtime.ts";

/** What a request that names only its method asks for, as the API fills it in. */
const DEFAULTS = {
  options: {},
  output: null,
  class: null,
  feature_names: null,
  groups: null,
  include_interactions: false,
  top_k_features: 10,
  seed: 0,
  limits: {},
} as const;

export type Asked = Pick<ExplainRequest, "method"> & Partial<ExplainRequest>;

export const requestOf = (asked: Asked): ExplainRequest => ({ ...DEFAULTS, ...asked });

export const openFor = (model: Uint8Array, example: Feeds): Promise<Subject> =>
  openSubject(wasmRuntime, model, signatureOf(readModel(model)), example);

export { releaseSubject };

/** The explanations of the rows, on ONNX Runtime's WebAssembly in Node. */
export async function explained(
  subject: Subject,
  feeds: Feeds,
  background: Feeds | null,
  request: ExplainRequest,
): Promise<ExplainedRow[]> {
  const compared = background && { id: "bench", feeds: background, weights: null };
  const call = { feeds, background: compared, request };
  const found: ExplainedRow[] = [];
  for await (const row of explainInstances(subject, call, { clock: async () => performance.now() }))
    found.push(row);
  return found;
}
