import { seededRandom } from "../../statistics/random.ts";
import { rowsOf, type Feeds } from "../../onnx/rows.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Estimate } from "../estimate.ts";
import type { ExplainRequest, Limits } from "../explain-request.ts";
import { SUMS_AT_ONCE, type Explained, type Method } from "../explanation.ts";
import { rowsFromFeeds } from "../rows.ts";
import { asAsked } from "./as-asked.ts";
import { followEstimates } from "./follow-estimates.ts";
import { checkOptions, chosenMethod, RUN } from "./methods.ts";
import { present } from "./present.ts";
import { namesOf, type Subject } from "./subject.ts";
import { numericFeeds, type RawText } from "./prepared-rows.ts";
import { targetsOf } from "./target.ts";
import { isByWords, runText } from "./text-method.ts";
import type { NamedBackground, Task } from "./task.ts";

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

/** One row's task, and what the answer says of it besides. */
type RowTask = { task: Task; class_name: string | null; row: number; raw: RawText | null };

/** The task of each row. Throws `ExplainFault` for rows, options, names or classes that do not fit the model. */
export async function* tasksOf(
  subject: Subject,
  { feeds, background, request }: Instances,
): AsyncGenerator<RowTask, void, void> {
  checkOptions(request);
  const { signature, preparation, layout } = subject;
  const { feeds: numeric, raw } = numericFeeds(signature, preparation, feeds);
  const { rows, count } = rowsFromFeeds(layout, numeric);
  const named = withNames(subject, request);
  const compared = background === null ? null : await backgroundOf(named, background);
  const targets = await targetsOf(named, rows, count, request);
  for (const [row, { target, class_name }] of targets.entries()) {
    const task = {
      subject: named,
      method: await chosenMethod(named, request, target, raw !== null),
      request,
      target,
      instance: rows.slice(row * layout.size, (row + 1) * layout.size),
      background: compared,
      random: seededRandom(request.seed),
    };
    yield { task, class_name, row, raw };
  }
}

/**
 * Explains each row in turn. The one function behind every way of asking: a call, a stream, a piece
 * of a job. Throws `ExplainFault`, and `OnnxFault` for what the toolkit or the runtime refuses.
 */
export async function* explainInstances(
  subject: Subject,
  instances: Instances,
  { clock, signal, seen }: ExplainTools,
): AsyncGenerator<ExplainedRow, void, void> {
  let began = await clock();
  for await (const { task, class_name, row, raw } of tasksOf(subject, instances)) {
    const isText = raw !== null && isByWords(task.method);
    const run = await asAsked(task, () =>
      isText ? runText(task, raw, row) : RUN[task.method](task),
    );
    const shown = async (
      estimate: Estimate,
      stopped: Explained["stopped"],
    ): Promise<ExplainedRow> => {
      const { players, notes = [] } = run;
      const explained = present({ task, class_name, estimate, stopped, players, notes });
      return {
        explained: run.complete?.(explained) ?? explained,
        computation_time_ms: (await clock()) - began,
      };
    };
    const { estimate, stopped } = await asAsked(task, () =>
      followEstimates(run.estimates, limitsOf(task), {
        clock,
        ...(signal && { signal }),
        ...(seen && { seen: async (found) => seen(await shown(found, "complete")) }),
      }),
    );
    refuseOdd(estimate);
    yield await shown(estimate, stopped);
    began = await clock();
  }
}

/** To stop at a residual is to stop at once where there never is one. */
function limitsOf({ method, request }: Task): Limits {
  const { max_residual: _, ...others } = request.limits;
  return SUMS_AT_ONCE.has(method) ? others : request.limits;
}

function refuseOdd({ base, prediction }: Estimate): void {
  if (Number.isFinite(base) && Number.isFinite(prediction)) return;
  throw new ExplainFault(
    "value_invalid",
    `the model answers ${prediction} for the row and ${base} for what it is compared with; only finite scores can be explained`,
    "inputs",
  );
}

/** The method that explains a first row of the rows, as they are all of one model. */
export async function methodFor(subject: Subject, instances: Instances): Promise<Method> {
  const feeds = Object.fromEntries(
    Object.entries(instances.feeds).map(([name, tensor]) => [name, rowsOf(tensor, 0, 1)]),
  );
  const { value } = await tasksOf(subject, { ...instances, feeds }).next();
  if (!value) throw new ExplainFault("value_invalid", "there is no row to explain", "inputs");
  return value.task.method;
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
