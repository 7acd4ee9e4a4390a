import { seededRandom } from "../../statistics/random.ts";
import type { Feeds } from "../../onnx/rows.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Estimate } from "../estimate.ts";
import type { ExplainRequest } from "../explain-request.ts";
import type { Explained } from "../explanation.ts";
import { rowsFromFeeds } from "../rows.ts";
import { followEstimates } from "./follow-estimates.ts";
import { checkOptions, chosenMethod, RUN } from "./methods.ts";
import { present } from "./present.ts";
import { namesOf, type Subject } from "./subject.ts";
import { numericFeeds } from "./prepared-rows.ts";
import { targetsOf } from "./target.ts";
import { isByWords, runText } from "./text-method.ts";
import type { NamedBackground } from "./task.ts";

export type ExplainedRow = { explained: Explained; computation_time_ms: number };

/** Rows to explain, and how. */
export type Instances = {
  feeds: Feeds;
  background: { id: string; feeds: Feeds; weights: readonly number[] | null } | null;
  request: ExplainRequest;
};

export type ExplainTools = {
  clock: () => Promise<number>;
  signal?: { readonly aborted: boolean };
  /** Told of each estimate of a row on the way. */
  seen?: (row: ExplainedRow) => Promise<void>;
};

/**
 * Explains each row in turn. The one function behind every way of asking: a call, a stream, a piece
 * of a job. Throws `ExplainFault`, and `OnnxFault` for what the toolkit or the runtime refuses.
 */
export async function* explainInstances(
  subject: Subject,
  { feeds, background, request }: Instances,
  { clock, signal, seen }: ExplainTools,
): AsyncGenerator<ExplainedRow, void, void> {
  checkOptions(request);
  const { signature, preparation } = subject;
  const { feeds: numeric, raw } = numericFeeds(signature, preparation, feeds);
  const { rows, count } = rowsFromFeeds(subject.layout, numeric);
  const named = withNames(subject, request);
  const compared = background === null ? null : await backgroundOf(named, background);
  const targets = await targetsOf(named, numeric, request);
  for (let at = 0; at < count; at += 1) {
    const began = await clock();
    const chosen = targets[at];
    if (chosen === undefined) throw new Error("a row has no target");
    const { target, class_name } = chosen;
    const method = await chosenMethod(named, request, target, raw !== null);
    const { size } = subject.layout;
    const instance = rows.slice(at * size, (at + 1) * size);
    const task = {
      subject: named,
      method,
      request,
      target,
      instance,
      background: compared,
      random: seededRandom(request.seed),
    };
    const run =
      raw !== null && isByWords(method) ? await runText(task, raw, at) : await RUN[method](task);
    const shown = async (
      estimate: Estimate,
      stopped: Explained["stopped"],
    ): Promise<ExplainedRow> => {
      const explained = present({
        subject: named,
        method,
        target,
        class_name,
        instance,
        estimate,
        stopped,
        players: run.players,
        seed: request.seed,
        top_k: request.top_k_features,
        notes: run.notes ?? [],
      });
      return {
        explained: run.complete?.(explained) ?? explained,
        computation_time_ms: (await clock()) - began,
      };
    };
    const { estimate, stopped } = await followEstimates(run.estimates, request.limits, {
      clock,
      ...(signal && { signal }),
      ...(seen && { seen: async (found) => seen(await shown(found, "complete")) }),
    });
    refuseOdd(estimate);
    yield await shown(estimate, stopped);
  }
}

function refuseOdd({ base, prediction }: Estimate): void {
  if (Number.isFinite(base) && Number.isFinite(prediction)) return;
  throw new ExplainFault(
    "value_invalid",
    `the model answers ${prediction} for the row and ${base} for what it is compared with; only finite scores can be explained`,
    "inputs",
  );
}

/** The names that the request gives, else those that the subject has. */
const withNames = (subject: Subject, { feature_names }: ExplainRequest): Subject =>
  feature_names === null
    ? subject
    : { ...subject, feature_names: namesOf(subject.layout, feature_names) };

/** Rows of the layout with weights that add up to 1, read once. */
async function backgroundOf(
  { layout, kept, signature, preparation }: Subject,
  { id, feeds, weights }: NonNullable<Instances["background"]>,
): Promise<NamedBackground> {
  const rows = await kept.once(`background ${id}`, () => {
    const numeric = numericFeeds(signature, preparation, feeds).feeds;
    const { rows, count } = rowsFromFeeds(layout, numeric);
    if (count === 0)
      throw new ExplainFault("background_missing", "the background has no rows", "background");
    const total = weights?.reduce((sum, weight) => sum + weight, 0) ?? count;
    const shares = Float64Array.from({ length: count }, (_, at) => (weights?.[at] ?? 1) / total);
    return { rows, count, weights: shares };
  });
  return { id, rows };
}
