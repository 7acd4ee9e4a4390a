import { explanations, type JobView } from "@linnet/sdk";
import { argument, collect, type Context, integer, type Register } from "../command.ts";
import { renderExplanations } from "../explanations-view.ts";
import { UsageError } from "../exit-codes.ts";
import {
  type AskOptions,
  howOf,
  howOptions,
  rowOptions,
  rowsFrom,
  subjectOf,
} from "../explain-request.ts";
import { followJob } from "../follow-job.ts";
import { renderJob } from "../job-view.ts";
import { waitingFor } from "../waiting.ts";

type BatchOptions = AskOptions & { prediction?: string[]; wait: boolean };

const HELP = `
What is more work than one call may do becomes a job, which is followed to its end. Ctrl-C leaves it
running; --no-wait makes a job of whatever is not cached, and prints its id.

Example:
  $ linnet explain batch wdbc --data held-out.csv --label-column 31 --rows 20`;

export const registerExplainBatch: Register = (group, wire) => {
  const batch = group.command("batch <model[@version]>").description("explain each of many rows");
  rowOptions(batch)
    .option("--rows <number>", "use no more rows of a table", integer(1))
    .option("--prediction <id>", "a prediction that was kept; may be given several times", collect);
  howOptions(batch).option("--no-wait", "begin a job, and do not wait for it");
  wire(batch.addHelpText("after", HELP), async (context, command) => {
    const options = command.opts<BatchOptions>();
    const { prediction, wait } = options;
    const { signal } = context.world;
    const text = argument(command, 0);
    const subject = await subjectOf(context, text);
    const { client } = subject;
    const found = await rowsFrom(context, subject, options);
    if ((found === null) === (prediction === undefined))
      throw new UsageError("give the rows with --input or --data, or each kept --prediction");
    const request = {
      ...(await howOf(context, subject, options)),
      inputs: found?.inputs,
      feature_names: found?.feature_names,
      prediction_ids: prediction,
      ...(wait ? {} : { wait }),
    };
    const work = explanations.batch(client, request, { signal });
    const { done, job } = await waitingFor(context, `explaining ${text}`, work);
    if (job && !wait) return leaveJob(context, job);
    const items =
      done ??
      (await explanations.batchOf(client, await followJob(context, client, job), { signal }));
    context.show({ items }, () => renderExplanations(items, context));
  });
};

/** Shows a job that nobody waits for here, and how to. */
export function leaveJob(context: Context, job: JobView): void {
  context.show(job, () => renderJob(job, context));
  context.note(`\`linnet jobs wait ${job.job_id}\` shows what comes of it`);
}
