import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { tableOf, type Row } from "../experiments/row.ts";
import { coldStarts } from "./cold-starts.ts";
import { measured } from "./measure.ts";
import { overHttp } from "./over-http.ts";
import { PythonPeers } from "./python-peers.ts";
import { allWorks } from "./works.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    "no-http": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(`PYTHON=/path/to/python npm run bench:explain -- [--quick] [--only text] [--no-http]

Measures explanations, on WebAssembly in Node and then through HTTP, and prints one table.
  PYTHON     an interpreter with shap, lime, captum, torch, xgboost, onnx and onnxruntime: the peers
  --quick    one round each: to see that everything runs
  --only     what has this text in its name
  --no-http  without the platform`);
  process.exit(0);
}

const started = Date.now();
const folder = mkdtempSync(join(tmpdir(), "linnet-bench-explain-"));
const python = new PythonPeers();
const rows: Row[] = [];
const isAsked = ({ name }: { name: string }): boolean => name.includes(values.only);
const told = (row: Row): void => {
  rows.push(row);
  process.stderr.write(`${row.measure}: ${row.ours}\n`);
};
try {
  const works = allWorks(folder);
  for (const work of works.filter(isAsked)) told(await measured(work, python, values.quick));
  for (const row of await coldStarts(works, isAsked, values.quick)) told(row);
  if (!values["no-http"]) for (const row of await overHttp(works, isAsked, values.quick)) told(row);
} finally {
  python.stop();
  rmSync(folder, { recursive: true });
}
console.log(tableOf(rows));
const [{ model } = { model: "unknown processor" }] = cpus();
const machine = `${cpus().length} x ${model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`;
const seconds = ((Date.now() - started) / 1_000).toFixed(0);
console.log(`\n${values.quick ? "Quick, not to be quoted. " : ""}${machine}; ${seconds} s in all.`);
process.exit(0);
