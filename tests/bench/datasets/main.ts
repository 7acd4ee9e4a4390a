import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { buildWorkers } from "../../../scripts/lib/build.ts";
import { type Row, tableOf } from "../experiments/row.ts";

/** In the order of the table; what takes the machine for itself comes first. */
const MEASUREMENTS = {
  large: async (quick: boolean) => {
    await buildWorkers();
    return (await import("./large-dataset.ts")).measureLargeDataset({ quick });
  },
  lineage: async (quick: boolean) => (await import("./lineage.ts")).measureLineage(quick),
  dedup: async (quick: boolean) => (await import("./dedup.ts")).measureDedup({ quick }),
} satisfies Record<string, (quick: boolean) => Promise<Row[]>>;
type Name = keyof typeof MEASUREMENTS;
const NAMES = Object.keys(MEASUREMENTS) as Name[];

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(`npm run bench:datasets -- [--quick] [--only name[,name]]

Measures datasets and their lineage and prints one table. The large dataset takes 1 GiB, and some
6 GiB of ${tmpdir()}.
  PYTHON   an interpreter with pyarrow: files that it wrote are shared, too
  --quick  64 MiB and fewer rounds: to see that everything runs
  --only   of ${NAMES.join(", ")}`);
  process.exit(0);
}
const asked = values.only?.split(",") ?? NAMES;
const unknown = asked.filter((name) => !NAMES.some((known) => known === name));
if (unknown.length > 0) {
  console.error(`--only: expected some of ${NAMES.join(", ")}; found ${unknown.join(", ")}`);
  process.exit(2);
}

const started = Date.now();
const [load = 0] = loadavg();
const rows: Row[] = [];
for (const name of NAMES.filter((name) => asked.includes(name))) {
  const begun = Date.now();
  rows.push(...(await MEASUREMENTS[name](values.quick)));
  process.stderr.write(`${name}: ${((Date.now() - begun) / 1_000).toFixed(0)} s\n`);
}
console.log(tableOf(rows));
const [{ model } = { model: "unknown processor" }] = cpus();
const machine = `${cpus().length} x ${model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`;
const seconds = ((Date.now() - started) / 1_000).toFixed(0);
const loads = `load of the machine ${load.toFixed(1)} before and ${(loadavg()[0] ?? 0).toFixed(1)} after`;
console.log(
  `\n${values.quick ? "Quick, not to be quoted. " : ""}${machine}; ${seconds} s in all; ${loads}.`,
);
process.exit(0);
