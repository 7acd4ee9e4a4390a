import { type ExplainGlobalRequest, explanations } from "@linnet/sdk";
import { InvalidArgumentError } from "commander";
import { argument, collect, type Context, integer, type Register } from "../command.ts";
import { UsageError } from "../exit-codes.ts";
import {
  type AskOptions,
  howOf,
  howOptions,
  rowOptions,
  rowsFrom,
  type Subject,
  subjectOf,
} from "../explain-request.ts";
import { followJob } from "../follow-job.ts";
import { renderGlobalExplanation } from "../global-explanation-view.ts";
import { checkPicture, type PictureOptions, pictureOptions, showPicture } from "../picture.ts";
import { waitingFor } from "../waiting.ts";
import { leaveJob } from "./explain-batch.ts";

type GlobalOptions = AskOptions &
  PictureOptions & {
    prediction?: string[];
    recent?: number;
    measure?: string;
    dependence?: string[];
    bins?: number[];
    wait: boolean;
  };

const HELP = `
The importance of a feature is the mean size of its contributions, or another --measure of them, with
its 95 % interval; "mean" has their direction, and "top" how many of the rows have it among their
first. What is more work than one call may do becomes a job, which is followed to its end. Ctrl-C
leaves it running; --no-wait makes a job of whatever is not cached, and prints its id.

Examples:
  $ linnet explain global wdbc --data held-out.csv --label-column 31
  $ linnet explain global wdbc --recent 500 --plot dependence --feature 'features[7]' --open`;

export const registerExplainGlobal: Register = (group, wire) => {
  const global = group
    .command("global <model[@version]>")
    .description("show what a model goes by, over many rows");
  rowOptions(global)
    .option("--rows <number>", "use no more rows of a table", integer(1))
    .option("--prediction <id>", "a prediction that was kept; may be given several times", collect)
    .option("--recent <number>", "the latest kept predictions of the version", integer(2, 1_000));
  howOptions(global)
    .option("--measure <measure>", "mean (default), median, max or p95")
    .option("--dependence <feature>", "tell how it acts; may be given several times", collect)
    .option("--bins <edges>", "edges of the segments by prediction, such as 0,0.5,1", edges)
    .option("--no-wait", "begin a job, and do not wait for it");
  pictureOptions(global)
    .option("--feature <name>", "of a dependence plot: whose")
    .addHelpText("after", HELP);
  wire(global, async (context, command) => {
    const options = command.opts<GlobalOptions>();
    checkPicture(options);
    const { signal } = context.world;
    const text = argument(command, 0);
    const subject = await subjectOf(context, text);
    const { client } = subject;
    const request = await requestOf(context, subject, options);
    const work = explanations.global(client, request, { signal });
    const { done, job } = await waitingFor(context, `explaining ${text}`, work);
    if (job && !options.wait) return leaveJob(context, job);
    const view =
      done ??
      (await explanations.globalOf(client, await followJob(context, client, job), { signal }));
    context.show(view, () => renderGlobalExplanation(view, context, options.top));
    await showPicture(context, client, view.explanation_id, options);
  });
};

async function requestOf(
  context: Context,
  subject: Subject,
  options: GlobalOptions,
): Promise<ExplainGlobalRequest> {
  const { prediction, recent, measure, dependence, bins, wait } = options;
  const found = await rowsFrom(context, subject, options);
  const given = [found ?? undefined, prediction, recent].filter((one) => one !== undefined);
  if (given.length !== 1)
    throw new UsageError(
      "give the rows with --input or --data, each kept --prediction, or --recent",
    );
  const request = {
    ...(await howOf(context, subject, options)),
    inputs: found?.inputs,
    feature_names: found?.feature_names,
    prediction_ids: prediction,
    recent_predictions: recent,
    aggregation_method: measure,
    dependence: dependence?.map((feature) => ({ feature })),
    prediction_bins: bins,
    ...(wait ? {} : { wait }),
  };
  // The platform checks the measure.
  return request as ExplainGlobalRequest;
}

function edges(text: string): number[] {
  const values = text.split(",").map(Number);
  if (text.includes(",,") || values.some((value) => !Number.isFinite(value)))
    throw new InvalidArgumentError("Expected numbers with commas between them, such as 0,0.5,1.");
  return values;
}
