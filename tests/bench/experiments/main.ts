import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { buildWorkers } from "../../../scripts/lib/build.ts";
import { measureInThread } from "./in-thread.ts";
import { MEASUREMENTS, type Name, NAMES } from "./measurements.ts";
import { type Row, tableOf } from "./row.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(`npm run bench:experiments -- [--quick] [--only name[,name]]

Measures the experiments against other systems' own clients and prints one table.
  --quick  fewer rounds, ids and seeds: to see that everything runs
  --only   of ${NAMES.join(", ")}`);
  process.exit(0);
}
const asked = values.only?.split(",") ?? NAMES;
const unknown = asked.filter((name) => !NAMES.some((known) => known === name));
if (unknown.length > 0) {
  console.error(`--only: expected some of ${NAMES.join(", ")}; found ${unknown.join(", ")}`);
  process.exit(2);
}
const names = NAMES.filter((name) => asked.includes(name));
const options = { quick: values.quick };
const found = new Map<Name, Row[]>();
const started = Date.now();

async function note(name: Name, rows: Promise<Row[]> | Row[]): Promise<void> {
  const begun = Date.now();
  found.set(name, await rows);
  process.stderr.write(`${name}: ${((Date.now() - begun) / 1_000).toFixed(0)} s\n`);
}

const timed = names.filter((name) => MEASUREMENTS[name].timed);
if (timed.some((name) => name !== "decision-time")) await buildWorkers();
for (const name of timed) await note(name, (await MEASUREMENTS[name].load())(options));

// The longest first, so that no thread is left alone with it at the end.
const LONGEST: Name = "bandit-regret";
const waiting = names
  .filter((name) => !MEASUREMENTS[name].timed)
  .toSorted((a, b) => Number(b === LONGEST) - Number(a === LONGEST));
const thread = async () => {
  for (let name = waiting.shift(); name; name = waiting.shift())
    await note(name, measureInThread(name, options));
};
await Promise.all(Array.from({ length: availableParallelism() }, thread));

const rows = names.flatMap((name) => found.get(name) ?? []);
console.log(tableOf([...rows, versionsRow()]));
const [{ model } = { model: "unknown processor" }] = cpus();
const machine = `${cpus().length} x ${model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`;
const seconds = ((Date.now() - started) / 1_000).toFixed(0);
console.log(`\n${values.quick ? "Quick, not to be quoted. " : ""}${machine}; ${seconds} s in all.`);
process.exit(0);

/** The clients of the peers as they are installed. */
function versionsRow(): Row {
  const peers = Object.entries({
    GrowthBook: "@growthbook/growthbook",
    Unleash: "unleash-client",
    flagd: "@openfeature/flagd-core",
    LaunchDarkly: "@launchdarkly/node-server-sdk",
    Eppo: "@eppo/js-client-sdk-common",
    jstat: "jstat",
    "simple-statistics": "simple-statistics",
  }).map(([name, from]) => {
    const path = new URL(`../node_modules/${from}/package.json`, import.meta.url);
    const { version } = JSON.parse(readFileSync(path, "utf8")) as { version: string };
    return { name, value: name === from ? version : `${from} ${version}` };
  });
  return {
    measure: "versions",
    ours: "this commit",
    peers,
    how: "from the registry of npm, pinned",
  };
}
