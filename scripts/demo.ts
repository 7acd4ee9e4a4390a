import { parseArgs } from "node:util";
import { formatCount, formatMs, formatPercent } from "../clients/cli/format.ts";
import { createLiveView } from "../clients/cli/live.ts";
import { createPaint } from "../clients/cli/paint.ts";
import { type Column, renderTable } from "../clients/cli/table.ts";
import {
  createClient,
  type ExperimentView,
  experiments,
  type Linnet,
  LinnetError,
  type MetricsReport,
} from "../clients/sdk/index.ts";
import { readCredentials } from "./lib/local.ts";
import { heldOutRows, type LabelledRow, loadWdbc, MODEL } from "./lib/wdbc.ts";

const CALLERS = 8;
const REDRAW_MS = 250;
const BAR = 32;

const { values } = parseArgs({
  options: {
    regressed: { type: "boolean", default: false },
    requests: { type: "string", default: "3000" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(`npm run demo -- [--regressed] [--requests 3000]

Sends the held-out rows of the WDBC table through an experiment, reports each true label back
as an outcome and shows what the platform counts. It needs a running platform (npm start).
  --regressed  the challenger is the version that was deployed with the wrong scaling`);
  process.exit(0);
}
const total = Number(values.requests);
if (!Number.isInteger(total) || total < 1 || total > 1_000_000) {
  console.error(`--requests: expected a number from 1 to 1000000, found '${values.requests}'`);
  process.exit(2);
}

const client = await connect();
const rows = await heldOutRows();
const experiment = await defineExperiment(client);
const challenger = experiment.variants.find(({ is_control }) => !is_control);
await experiments.start(client, experiment.id);

const paint = createPaint(process.stdout, process.env);
const live = createLiveView(process.stdout);
let sent = 0;
let done = 0;
let rolledBack = false;

console.log(
  `Experiment ${experiment.id}: ${experiment.variants.map(({ name, traffic_weight }) => `${name} (${traffic_weight})`).join(" against ")}\n`,
);
const watching = watch();
await Promise.all(Array.from({ length: CALLERS }, callLikeAService));
await watching;
await conclude();

async function connect(): Promise<Linnet> {
  const known = await readCredentials();
  const baseUrl = process.env["LINNET_URL"] ?? known?.url;
  const apiKey = process.env["LINNET_API_KEY"] ?? known?.api_key;
  if (baseUrl !== undefined && apiKey !== undefined) {
    const found = createClient({ baseUrl, apiKey });
    try {
      await experiments.list(found, { limit: 1 });
      return found;
    } catch (error) {
      if (!(error instanceof LinnetError) || error.code !== "network") throw error;
    }
  }
  console.error("No platform answers. Start one in another terminal with: npm start");
  process.exit(1);
}

async function defineExperiment(linnet: Linnet): Promise<ExperimentView> {
  const loaded = await loadWdbc(linnet);
  const challenging = values.regressed ? "wdbc-mlp-regressed" : "wdbc-mlp";
  const variant = (file: keyof typeof loaded, traffic_weight: string, is_control: boolean) => {
    const { version } = loaded[file];
    return { name: file, model: MODEL, version, traffic_weight, is_control };
  };
  return experiments.create(linnet, {
    name: values.regressed ? "WDBC demo with a mistake" : "WDBC demo",
    description: "Accuracy on rows that no model was trained on",
    variants: [variant("wdbc-logistic", "0.9", true), variant(challenging, "0.1", false)],
    primary_metric: "success_rate",
    minimum_sample_size: 200,
    // A laptop's scheduler makes single slow requests, which are not the model's doing.
    rollback: { error_rate_threshold: 0.25, latency_degradation_threshold: 9, min_requests: 50 },
    consistency: values.regressed ? "strict" : "leased",
  });
}

/** One caller of many: predicts for the next user, learns the truth and reports it. */
async function callLikeAService(): Promise<void> {
  while (sent < total && !rolledBack) {
    const number = sent++;
    const { features, label } = rows[number % rows.length] as LabelledRow;
    const request_id = `${experiment.id}-${number}`;
    const started = performance.now();
    const answer = await experiments.predict(client, experiment.id, {
      request_id,
      user_id: `patient-${number}`,
      inputs: { features: [features] },
    });
    const latency_ms = performance.now() - started;
    const [[malignant = 0, benign = 0] = []] = answer.outputs["probabilities"] as number[][];
    const success = (benign > malignant ? 1 : 0) === label;
    const { variant_id } = answer;
    const outcome = {
      request_id,
      variant_id,
      success,
      latency_ms,
      metrics: { correct: success ? 1 : 0 },
    };
    const { status } = await experiments.reportOutcomes(client, experiment.id, [outcome]);
    done += 1;
    rolledBack ||= status === "rolled_back";
  }
}

async function watch(): Promise<void> {
  for (;;) {
    const finished = done >= total || rolledBack;
    const report = await experiments.metrics(client, experiment.id);
    live.draw(`${progress()}\n\n${table(report)}`);
    if (finished) break;
    await new Promise((resolve) => setTimeout(resolve, REDRAW_MS));
  }
  live.end();
}

function progress(): string {
  const full = Math.round((done / total) * BAR);
  const bar = paint.green("█".repeat(full)) + paint.dim("░".repeat(BAR - full));
  return `${bar} ${formatCount(done)} of ${formatCount(total)} requests`;
}

function table({ variants, status }: MetricsReport): string {
  type Row = MetricsReport["variants"][number];
  const right = (title: string, value: (row: Row) => string): Column<Row> => ({
    title,
    value,
    align: "right",
  });
  const columns: Column<Row>[] = [
    { title: "variant", value: ({ name }) => name },
    right("requests", ({ request_count }) => formatCount(request_count)),
    right("accuracy", ({ success_rate }) => formatPercent(success_rate)),
    right("error rate", ({ error_rate }) => formatPercent(error_rate)),
    right("p50", ({ latency_p50_ms }) => formatMs(latency_p50_ms)),
    right("p95", ({ latency_p95_ms }) => formatMs(latency_p95_ms)),
    right("p99", ({ latency_p99_ms }) => formatMs(latency_p99_ms)),
  ];
  return `${renderTable(columns, variants, { paint })}\n${paint.dim("status")}  ${status}`;
}

async function conclude(): Promise<void> {
  const { status, reason } = await experiments.get(client, experiment.id);
  if (status === "rolled_back") {
    const { variants } = await experiments.metrics(client, experiment.id);
    const canary = variants.find(({ is_control }) => !is_control)?.request_count ?? 0;
    const { items } = await experiments.events(client, experiment.id);
    const judged = items.find(({ type }) => type === "rolled_back")?.data["requests"];
    console.log(`\nRolled back by itself after ${String(judged)} canary requests. Why: ${reason}.`);
    console.log(
      `All traffic goes to the champion; ${canary} of ${done} requests ever saw the canary.`,
    );
    return;
  }
  const { results } = await experiments.analysis(client, experiment.id);
  for (const { p_value, confidence_interval, recommended_action, winner } of results) {
    const [low, high] = (confidence_interval ?? [0, 0]).map((bound) => (bound * 100).toFixed(1));
    const name = experiment.variants.find(({ variant_id }) => variant_id === winner)?.name;
    console.log(
      `\nAccuracy differs by ${low} to ${high} points (95 % interval), p = ${p_value?.toPrecision(2)}.`,
    );
    console.log(`Recommended: ${recommended_action}${name === undefined ? "" : ` (${name})`}`);
  }
  console.log(
    `\nThe experiment goes on running. To give the challenger all traffic and the alias 'champion':`,
  );
  console.log(
    `  npx linnet experiments conclude ${experiment.id} --winner ${challenger?.variant_id}`,
  );
}
