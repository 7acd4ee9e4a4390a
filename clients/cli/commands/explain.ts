import { type ExplainRequest, explanations, type ExplanationView, type Linnet } from "@linnet/sdk";
import { argument, type Context, integer, type Register } from "../command.ts";
import {
  type AskOptions,
  howOf,
  howOptions,
  oneRow,
  rowOptions,
  rowsFrom,
  type Subject,
  subjectOf,
} from "../explain-request.ts";
import { renderExplanation, widestHalf } from "../explanation-view.ts";
import { UsageError } from "../exit-codes.ts";
import { formatCount, formatNumber } from "../format.ts";
import { createLiveView } from "../live.ts";
import { checkPicture, type PictureOptions, pictureOptions, showPicture } from "../picture.ts";
import { waitingFor } from "../waiting.ts";
import { registerExplainBatch } from "./explain-batch.ts";
import { registerExplainDrift } from "./explain-drift.ts";
import { registerExplainExport } from "./explain-export.ts";
import { registerExplainGlobal } from "./explain-global.ts";

type ExplainOptions = AskOptions & PictureOptions & { prediction?: string; stream?: boolean };

const EXAMPLES = `
The row is JSON, one nested array for each input of the model by name, or a line of a table. A table
with a head names the features. Most methods compare the row with others: keep some with
\`linnet backgrounds put <model> default --data <file>\`, or give --background <file>.

Examples:
  $ linnet explain wdbc --data held-out.csv --label-column 31 --row 5
  $ linnet explain wdbc@2 --input row.json --method kernel --options '{"samples":2000}' --stream
  $ linnet explain wdbc --prediction prd_01… --open
  $ linnet explain global wdbc --data held-out.csv --label-column 31`;

/** Why a model says what it says: of one row, of many, and over many. */
export const registerExplain: Register = (program, wire) => {
  const explain = program
    .command("explain [model[@version]]")
    .description("show why a model says what it says of a row");
  rowOptions(explain)
    .option("--row <number>", "which row of them, from 1 on", integer(1))
    .option("--prediction <id>", "a prediction that was kept");
  howOptions(explain).option("--stream", "show how it gets better");
  pictureOptions(explain).addHelpText("after", EXAMPLES);
  wire(explain, async (context, command) => {
    if (command.args.length === 0) throw new UsageError("name a model, such as wdbc or wdbc@2");
    const options = command.opts<ExplainOptions>();
    checkPicture(options);
    const subject = await subjectOf(context, argument(command, 0));
    const request = await requestOf(context, subject, options);
    const { client } = subject;
    const view =
      options.stream === true
        ? await refine(context, client, request)
        : await waitingFor(
            context,
            `explaining ${argument(command, 0)}`,
            explanations.explain(client, request, { signal: context.world.signal }),
          );
    context.show(view, () => renderExplanation(view, context, options.top));
    await showPicture(context, client, view.explanation_id, options);
  });
  registerExplainBatch(explain, wire);
  registerExplainGlobal(explain, wire);
  registerExplainDrift(explain, wire);
  registerExplainExport(explain, wire);
};

async function requestOf(
  context: Context,
  subject: Subject,
  options: ExplainOptions,
): Promise<ExplainRequest> {
  const { prediction, row } = options;
  const found = await rowsFrom(context, subject, options);
  if ((found === null) === (prediction === undefined))
    throw new UsageError("give the row with --input or --data, or a kept --prediction");
  const how = await howOf(context, subject, options);
  return found === null ? { ...how, prediction_id: prediction } : { ...how, ...oneRow(found, row) };
}

/** The explanation, with a line on standard error for each estimate before it. */
async function refine(
  { world: { signal, stderr }, json }: Context,
  client: Linnet,
  request: ExplainRequest,
): Promise<ExplanationView> {
  const view = createLiveView(stderr);
  let made: ExplanationView | null = null;
  try {
    for await (const event of explanations.explainStream(client, request, { signal })) {
      if (event.type === "explanation") made = event.explanation;
      else if (!json) view.draw(progressOf(event.estimate));
    }
  } finally {
    view.end();
  }
  if (made === null) throw new Error("the stream ended without an explanation");
  return made;
}

function progressOf(estimate: explanations.ExplanationEstimate): string {
  const widest = widestHalf(estimate);
  const width = widest === null ? "" : `, widest interval ± ${formatNumber(widest)}`;
  return `${estimate.method}: ${formatCount(estimate.model_rows)} rows run${width}`;
}
