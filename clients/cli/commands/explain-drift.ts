import { type ExplainDriftRequest, explanations } from "@linnet/sdk";
import { argument, collect, type Context, decimal, integer, type Register } from "../command.ts";
import { renderDrift } from "../drift-view.ts";
import { UsageError } from "../exit-codes.ts";
import {
  type AskOptions,
  howOf,
  howOptions,
  readBeside,
  rowOptions,
  rowsFrom,
  type Subject,
  subjectOf,
} from "../explain-request.ts";
import { checkPicture, type PictureOptions, pictureOptions, showPicture } from "../picture.ts";
import { waitingFor } from "../waiting.ts";

type DriftOptions = AskOptions &
  PictureOptions & {
    prediction?: string[];
    recent?: number;
    baseline?: string;
    alpha?: number;
    ndcgLimit?: number;
  };

const HELP = `
Compares the mean size of the contributions of each feature on live rows with that on a baseline:
the rows of --baseline, else those of the background. "p" is for all features together.

Example:
  $ linnet explain drift wdbc --recent 500 --baseline held-out.csv --label-column 31`;

export const registerExplainDrift: Register = (group, wire) => {
  const drift = group
    .command("drift <model[@version]>")
    .description("tell whether a model goes by other features than it did");
  rowOptions(drift)
    .option("--rows <number>", "use no more rows of a table", integer(1))
    .option("--prediction <id>", "a prediction that was kept; may be given several times", collect)
    .option("--recent <number>", "the latest kept predictions of the version", integer(2, 1_000))
    .option("--baseline <file>", "rows that the live ones are held against, as --data");
  howOptions(drift)
    .option("--alpha <share>", "how often it may be a false alarm; 0.05 if not told", decimal)
    .option("--ndcg-limit <number>", "how alike the order must be; 0.9 if not told", decimal);
  pictureOptions(drift).addHelpText("after", HELP);
  wire(drift, async (context, command) => {
    const options = command.opts<DriftOptions>();
    checkPicture(options);
    const text = argument(command, 0);
    const subject = await subjectOf(context, text);
    const { client } = subject;
    const request = await requestOf(context, subject, options);
    const work = explanations.drift(client, request, { signal: context.world.signal });
    const view = await waitingFor(context, `explaining ${text}`, work);
    context.show(view, () => renderDrift(view, context, options.top));
    await showPicture(context, client, view.explanation_id, options);
  });
};

async function requestOf(
  context: Context,
  subject: Subject,
  options: DriftOptions,
): Promise<ExplainDriftRequest> {
  const { prediction, recent, baseline, alpha, ndcgLimit } = options;
  const live = await rowsFrom(context, subject, options);
  if ([live ?? undefined, prediction, recent].filter((one) => one !== undefined).length !== 1)
    throw new UsageError(
      "give the live rows with --input or --data, each kept --prediction, or --recent",
    );
  const before = baseline === undefined ? undefined : await readBeside(subject, baseline, options);
  return {
    ...(await howOf(context, subject, options)),
    inputs: live?.inputs,
    feature_names: live?.feature_names ?? before?.names ?? undefined,
    prediction_ids: prediction,
    recent_predictions: recent,
    baseline: before && { inputs: before.data.inputs },
    alpha,
    ndcg_limit: ndcgLimit,
  };
}
