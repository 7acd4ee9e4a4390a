import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { layOut, ownerAt } from "../../domain/experiments/ledger.ts";
import { unitPosition } from "../../domain/experiments/unit-position.ts";
import { ROOT } from "../../scripts/lib/build.ts";
import { median, type Round, runRound, type Scenario } from "./load.ts";
import { startBare, startLinnet, startPeer } from "./targets.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "3" },
    only: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

const row = readFileSync(`${ROOT}/examples/wdbc/breast_cancer.csv`, "utf8").split("\n")[1] ?? "";
const inputs = { features: [row.split(",").slice(0, 30).map(Number)] };
const oneRow = JSON.stringify({ inputs });

// One after the other: a server's process is told by being new.
const bare = await startBare();
const peer = await startPeer();
const linnet = await startLinnet();
const headers = { authorization: `Bearer ${linnet.key}` };
const PEER = "Node + native runtime";
let serial = 0;
const next = () => `bench-${process.pid}-${serial++}`;
const withUser = () => JSON.stringify({ request_id: next(), user_id: next(), inputs });
const batch = () => {
  const outcome = { variant_id: linnet.control, success: true };
  const outcomes = Array.from({ length: 100 }, (_, index) => ({
    ...outcome,
    request_id: next(),
    latency_ms: 5 + (index % 20),
    metrics: { conversion: index % 2 },
  }));
  return JSON.stringify({ outcomes });
};
const experiment = (id: string, operation: string) => `/v1/experiments/${id}/${operation}`;
const { strict, leased } = linnet.experiments;
const MODEL = "/v1/models/wdbc/predict";
/** What is measured on workerd's own socket and behind Miniflare's front door alike. */
const throughEach = (at: "own socket" | "front door"): Scenario[] => {
  const platform = { server: at === "own socket" ? linnet : linnet.door, headers };
  const least = at === "own socket" ? bare : bare.door;
  const compareTo = `bare Worker, ${at}`;
  return [
    { name: compareTo, compareTo, server: least, path: "/", body: () => oneRow },
    { name: `model predict, ${at}`, compareTo, ...platform, path: MODEL, body: () => oneRow },
    {
      name: `leased experiment predict, ${at}`,
      compareTo,
      ...platform,
      path: experiment(leased, "predict"),
      body: withUser,
    },
    {
      name: `strict experiment predict, ${at}`,
      compareTo,
      ...platform,
      path: experiment(strict, "predict"),
      body: withUser,
    },
  ];
};
const own = { server: linnet, compareTo: "bare Worker, own socket" };
const scenarios: Scenario[] = [
  ...throughEach("own socket"),
  ...throughEach("front door"),
  { name: PEER, server: peer, path: "/", body: () => oneRow },
  { name: "refused: no key", ...own, path: MODEL, body: () => oneRow, refused: true },
  {
    name: "refused: wrong input",
    ...own,
    headers,
    path: MODEL,
    body: () => '{"inputs":{"x":[1]}}',
    refused: true,
  },
  {
    name: "outcomes, batches of 100",
    server: linnet,
    headers,
    path: experiment(leased, "outcomes"),
    body: batch,
    carries: 100,
  },
].filter(({ name }) => !values.only || name.includes(values.only));

/** Microseconds of CPU for one decision: hash of a fresh user id and look-up among two intervals. */
function decisionMicros(): number {
  const ledger = layOut([900_000_000_000, 100_000_000_000]);
  const users = Array.from({ length: 500_000 }, (_, index) => `user-${index}`);
  const before = process.cpuUsage();
  for (const user of users) ownerAt(ledger, unitPosition("exp_01jcp4w0v8e1t9m3k5r7x2y4zb", user));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / users.length;
}

const results = new Map<string, Round[]>(scenarios.map(({ name }) => [name, []]));
const decisions: number[] = [];
try {
  for (const scenario of scenarios) await runRound(scenario, 1);
  for (let round = 0; round < rounds; round++) {
    // Every other round runs backwards, so that no scenario always follows the same one.
    for (const scenario of round % 2 === 0 ? scenarios : scenarios.toReversed()) {
      const measured = await runRound(scenario, seconds);
      results.get(scenario.name)?.push(measured);
      process.stderr.write(
        `round ${round + 1}/${rounds}  ${scenario.name}: ${measured.perSecond.toFixed(0)}/s\n`,
      );
    }
    decisions.push(decisionMicros());
  }
} finally {
  await Promise.all([bare, peer, linnet].map((server) => server.stop()));
}

const of = (name: string, field: keyof Round) =>
  median((results.get(name) ?? []).map((round) => round[field]));
const ratio = (name: string, to: string | undefined) =>
  to === undefined ? "" : (of(name, "perSecond") / of(to, "perSecond")).toFixed(2);
const cells = (texts: (string | number)[]) => `| ${texts.join(" | ")} |`;
const HEAD = ["scenario", "per second", "to bare Worker", "to Node + native", "server CPU µs each"];
console.log(cells([...HEAD, "p50 ms", "p99 ms"]));
console.log(cells(Array.from({ length: HEAD.length + 2 }, () => "---")));
for (const { name, compareTo, carries } of scenarios) {
  const ratios = [ratio(name, compareTo), ratio(name, carries ? undefined : PEER)];
  const cpu = of(name, "cpuMicros").toFixed(carries ? 1 : 0);
  const latencies = [of(name, "p50"), of(name, "p99")];
  console.log(cells([name, of(name, "perSecond").toFixed(0), ...ratios, cpu, ...latencies]));
}
console.log(`\nRouting decision in process: ${median(decisions).toFixed(2)} µs of CPU.`);
const kept = ratio("leased experiment predict, own socket", "model predict, own socket");
console.log(`Leased experiment predict to model predict: ${kept}.`);
const [{ model } = { model: "unknown processor" }] = cpus();
const machine = `${cpus().length} x ${model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`;
console.log(`Medians of ${rounds} alternating rounds of ${seconds} s, 16 connections; ${machine}.`);
