import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { wasmRuntime } from "../../fixtures/wasm-runtime.ts";
import { tableOf, type Options, type Row } from "../experiments/row.ts";
import { agreement } from "./agreement.ts";
import { codec } from "./codec.ts";
import { learning } from "./learning.ts";
import { nativeRuntime } from "./native-runtime.ts";
import { quantised } from "./quantised.ts";
import { torchStep } from "./torch.ts";
import { trainingStep } from "./training-step.ts";

const MEASUREMENTS: Record<string, (options: Options) => Promise<Row[]> | Row[]> = {
  codec,
  "training-native": (options) => trainingStep(nativeRuntime, "native", options),
  "training-wasm": (options) => trainingStep(wasmRuntime, "wasm", options),
  torch: torchStep,
  agreement: () => agreement([nativeRuntime, wasmRuntime]),
  quantised: (options) => quantised([nativeRuntime, wasmRuntime], options),
  learning: (options) =>
    learning(options, (svg) => {
      if (values.curves !== undefined) writeFileSync(values.curves, svg);
    }),
};
const NAMES = Object.keys(MEASUREMENTS);

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    curves: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(`npm run bench:onnx -- [--quick] [--only name[,name]] [--curves file.svg]

Measures the ONNX toolkit and prints one table.
  --quick   fewer rounds: to see that everything runs
  --only    of ${NAMES.join(", ")}
  --curves  where to draw how the architectures learn`);
  process.exit(0);
}
const asked = values.only?.split(",") ?? NAMES;
const unknown = asked.filter((name) => !NAMES.includes(name));
if (unknown.length > 0) {
  console.error(`--only: expected some of ${NAMES.join(", ")}; found ${unknown.join(", ")}`);
  process.exit(2);
}

const started = Date.now();
const rows: Row[] = [];
for (const name of NAMES.filter((one) => asked.includes(one))) {
  const begun = Date.now();
  rows.push(...((await MEASUREMENTS[name]?.({ quick: values.quick })) ?? []));
  process.stderr.write(`${name}: ${((Date.now() - begun) / 1_000).toFixed(0)} s\n`);
}
console.log(tableOf(rows));
const [{ model } = { model: "unknown processor" }] = cpus();
const machine = `${cpus().length} x ${model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`;
const seconds = ((Date.now() - started) / 1_000).toFixed(0);
console.log(`\n${values.quick ? "Quick, not to be quoted. " : ""}${machine}; ${seconds} s in all.`);
process.exit(0);
