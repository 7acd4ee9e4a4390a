import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { experiments, LinnetError, type Linnet, type Outcome } from "@linnet/sdk";
import { argument, collect, type Context, decimal, integer, type Register } from "../command.ts";
import { EXIT, UsageError } from "../exit-codes.ts";
import { formatCount } from "../format.ts";
import { linesOf } from "../lines.ts";
import { type OutcomeLine, readOutcomes } from "../outcome-lines.ts";
import { createProgress } from "../progress.ts";
import { findVariant } from "../variant-names.ts";

/** The most that the platform takes in one request. */
const BATCH = 1_000;

type ReportOptions = {
  file?: string;
  request?: string;
  variant?: string;
  success?: boolean;
  failure?: boolean;
  latency?: number;
  metric?: string[];
  epoch?: number;
  revision?: number;
  covariate?: number;
};

type Total = {
  accepted: number;
  duplicates: number;
  rejected: { line: number; request_id: string; code: string }[];
  status: string | null;
};

const EXAMPLES = `
Without --request it reads one outcome of JSON a line, from --file or standard input:
  {"request_id":"r1","variant":"wdbc@2","success":true,"latency_ms":12.5,"metrics":{"conversion":1}}

Examples:
  $ linnet experiments report exp_01… --request r1 --variant wdbc@2 --success --latency 12.5
  $ linnet experiments report exp_01… --request r1 --variant wdbc@2 --failure --revision 1
  $ linnet experiments report exp_01… --file outcomes.ndjson`;

/** Reports outcomes, one from flags or many from lines of JSON. */
export const registerExperimentOutcomes: Register = (group, wire) => {
  wire(
    group
      .command("report <id>")
      .description("report what came of requests")
      .option("--file <path>", "lines of JSON; standard input without this and --request")
      .option("--request <id>", "the request, as the decision or the prediction named it")
      .option("--variant <variant>", "its id, its name or model@version")
      .option("--success", "it went well")
      .option("--failure", "it did not")
      .option("--latency <ms>", "how long it took", decimal)
      .option("--metric <name=number>", "may be given several times", collect)
      .option("--epoch <number>", "as the decision said, for an outcome that is late", integer(1))
      .option("--revision <number>", "a higher one corrects an earlier report", integer(0))
      .option("--covariate <number>", "the metric from before the experiment", decimal)
      .addHelpText("after", EXAMPLES),
    async (context, command) => {
      const id = argument(command, 0);
      const options = command.opts<ReportOptions>();
      const { signal } = context.world;
      const single = options.request === undefined ? null : outcomeOf(options);
      const source = single ? null : await openLines(context, options);
      const client = await context.client();
      const { variants } = await experiments.get(client, id, { signal });
      const idOf = (text: string) => findVariant(variants, text)?.variant_id ?? text;
      const total: Total = { accepted: 0, duplicates: 0, rejected: [], status: null };
      try {
        if (single) {
          const outcome = { ...single, variant_id: idOf(single.variant_id) };
          await send({ client, id, signal, batch: [{ line: 1, outcome }], total });
        } else if (source)
          for await (const batch of readOutcomes(source.lines, { size: BATCH, resolve: idOf })) {
            await send({ client, id, signal, batch, total });
            source.progress();
          }
      } catch (error) {
        if (total.accepted + total.duplicates > 0)
          context.note(`${formatCount(total.accepted)} outcomes were counted before this`);
        throw error;
      } finally {
        source?.end();
      }
      return showTotal(context, total);
    },
  );
};

async function send({
  client,
  id,
  signal,
  batch,
  total,
}: {
  client: Linnet;
  id: string;
  signal: AbortSignal;
  batch: OutcomeLine[];
  total: Total;
}): Promise<void> {
  const outcomes = batch.map(({ outcome }) => outcome);
  const answer = await experiments
    .reportOutcomes(client, id, outcomes, { signal })
    .catch((error: unknown) => {
      throw namesLine(error, batch);
    });
  const lineOf = new Map(batch.map(({ line, outcome }) => [outcome.request_id, line]));
  total.accepted += answer.accepted;
  total.duplicates += answer.duplicates;
  total.status = answer.status;
  for (const { request_id, code } of answer.rejected)
    total.rejected.push({ line: lineOf.get(request_id) ?? 0, request_id, code });
}

/** A fault in a batch is one in a line of what was read. */
function namesLine(error: unknown, batch: readonly OutcomeLine[]): unknown {
  if (!(error instanceof LinnetError)) return error;
  const [first] = error.problem?.errors ?? [];
  const index = /^#\/outcomes\/(\d+)/.exec(first?.pointer ?? "")?.[1];
  const line = index === undefined ? undefined : batch[Number(index)]?.line;
  if (line === undefined || !first) return error;
  return new UsageError(`line ${line}: ${first.detail}; none of its batch was counted`, {
    cause: error,
  });
}

function showTotal(context: Context, total: Total): number {
  const { accepted, duplicates, rejected, status } = total;
  context.show(total, () => {
    const counts = [
      `${formatCount(accepted)} counted`,
      `${formatCount(duplicates)} known before`,
      `${formatCount(rejected.length)} rejected`,
    ].join(", ");
    const shown = rejected
      .slice(0, 10)
      .map(({ line, request_id, code }) => `  line ${line}, ${request_id}: ${code}`);
    const more = rejected.length > 10 ? [`  and ${rejected.length - 10} more`] : [];
    return [counts, ...shown, ...more].join("\n");
  });
  if (status === "rolled_back") context.note("the experiment is rolled back");
  return rejected.length > 0 ? EXIT.refused : EXIT.ok;
}

function outcomeOf(options: ReportOptions): Outcome {
  const { request = "", variant, success, failure, latency, metric, ...rest } = options;
  if (options.file !== undefined) throw new UsageError("give --request or --file, not both");
  if (variant === undefined) throw new UsageError("say which --variant served the request");
  if ((success === true) === (failure === true))
    throw new UsageError("say how it went: --success or --failure");
  if (latency === undefined) throw new UsageError("say how long it took: --latency <ms>");
  const { epoch, revision, covariate } = rest;
  return {
    request_id: request,
    variant_id: variant,
    success: success === true,
    latency_ms: latency,
    ...(metric === undefined ? {} : { metrics: Object.fromEntries(metric.map(metricOf)) }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(revision === undefined ? {} : { revision }),
    ...(covariate === undefined ? {} : { covariate }),
  };
}

function metricOf(text: string): [string, number] {
  const [name = "", value = "", ...more] = text.split("=");
  if (name === "" || more.length > 0 || value.trim() === "" || !Number.isFinite(Number(value)))
    throw new UsageError(`--metric ${text}: expected name=number, such as conversion=1`);
  return [name, Number(value)];
}

/** The lines of a file or of standard input, read as they are asked for. */
async function openLines({ world, paint }: Context, { file }: ReportOptions) {
  const { stdin, stderr, cwd } = world;
  if (file === undefined && stdin.isTTY === true)
    throw new UsageError("give one outcome with --request, or lines of JSON with --file or a pipe");
  if (file === undefined) return { lines: linesOf(stdin), progress: () => {}, end: () => {} };
  const path = resolve(cwd, file);
  const found = await stat(path).catch((cause: unknown) => {
    throw new UsageError(`cannot read ${file}`, { cause });
  });
  const stream = createReadStream(path);
  const bar = createProgress(stderr, { label: file, total: found.size, paint });
  return {
    lines: linesOf(stream),
    progress: () => bar.update(stream.bytesRead),
    end: () => {
      bar.end();
      stream.destroy();
    },
  };
}
