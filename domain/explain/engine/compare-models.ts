import { rowsOf, type Feeds } from "../../onnx/rows.ts";
import { readModel } from "../../onnx/codec/onnx-file.ts";
import { signatureOf } from "../../onnx/signature-of.ts";
import type { Runtime } from "../../onnx/runtime.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { ExplainRequest } from "../explain-request.ts";
import type { Explained } from "../explanation.ts";
import { attributionChange, type AttributionChange } from "../summary/attribution-change.ts";
import { tableOf, type ExplanationRow } from "../summary/explanation-table.ts";
import { explainInstances } from "./explain-instances.ts";
import { openSubject, releaseSubject, type Subject } from "./subject.ts";

/** Rows that are explained, and rows that they are compared with. */
const ROWS = 16;
const BACKGROUND = 10;
const SAMPLES = 512;

/** Any model, the same coalitions for both, so that they differ by the models alone. */
const REQUEST: ExplainRequest = {
  method: "permutation",
  options: {},
  output: null,
  class: null,
  feature_names: null,
  groups: null,
  include_interactions: false,
  top_k_features: 1,
  seed: 0,
  limits: {},
};

/**
 * How far two models that take the same inputs go by the same features, on the first rows of the
 * data: permutation SHAP of the class that the first one names, against some of the rows. Throws
 * `ExplainFault` where they cannot be explained, and `OnnxFault`.
 */
export async function compareAttributions(
  runtime: Runtime,
  files: { before: Uint8Array; after: Uint8Array },
  inputs: Feeds,
): Promise<AttributionChange> {
  const feeds = firstRows(inputs, ROWS);
  const background = { id: "data", feeds: firstRows(inputs, BACKGROUND), weights: null };
  const open = (bytes: Uint8Array): Promise<Subject> =>
    openSubject(runtime, bytes, signatureOf(readModel(bytes)), feeds);
  const explained = async (subject: Subject, row: number, index: number | null) => {
    const size = subject.layout.size;
    // A pair of orders of many players is more than the usual budget.
    const samples = Math.max(SAMPLES, 4 * size);
    const request = { ...REQUEST, class: index, options: size > SAMPLES ? {} : { samples } };
    const one = { feeds: firstRows(inputs, 1, row), background, request };
    for await (const { explained } of explainInstances(subject, one, { clock: async () => 0 }))
      return explained;
    throw new Error("a row was not explained");
  };
  const before = await open(files.before);
  try {
    const after = await open(files.after);
    try {
      const [first, second]: ExplanationRow[][] = [[], []];
      const rows = Object.values(feeds)[0]?.dims[0] ?? 0;
      for (let row = 0; row < rows; row += 1) {
        const own = await explained(before, row, null);
        first?.push(rowOf(own));
        second?.push(rowOf(await explained(after, row, own.target.index)));
      }
      return attributionChange(tableOf(first ?? []), tableOf(second ?? []), topOf(first ?? []));
    } finally {
      await releaseSubject(after);
    }
  } finally {
    await releaseSubject(before);
  }
}

const topOf = ([first]: readonly ExplanationRow[]): number =>
  Math.max(1, Math.min(5, first?.players.length ?? 1));

/** Every input has a row for each instance, or none of this can be. */
function firstRows(inputs: Feeds, count: number, from = 0): Feeds {
  const [first] = Object.values(inputs);
  const rows = first?.dims[0] ?? 0;
  return Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => {
      if (tensor.dims[0] !== rows)
        throw new ExplainFault("value_invalid", `input '${name}' has not ${rows} rows`, name);
      return [name, rowsOf(tensor, from, Math.min(count, rows - from))];
    }),
  );
}

const rowOf = ({ method, feature_contributions, ...rest }: Explained): ExplanationRow => ({
  model: "",
  version: "",
  method,
  players: feature_contributions.map(({ feature_name }) => feature_name),
  values: feature_contributions.map(({ contribution }) => contribution),
  features: null,
  prediction: rest.actual_prediction,
  base: rest.base_prediction,
});
