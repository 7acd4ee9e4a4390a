import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { explanations, type ExportExplainerRequest } from "@linnet/sdk";
import { argument, integer, type Register } from "../command.ts";
import { UsageError } from "../exit-codes.ts";
import { howOf, subjectOf } from "../explain-request.ts";
import { formatBytes } from "../format.ts";
import { resolveVersion } from "../model-ref.ts";
import { waitingFor } from "../waiting.ts";

type ExportOptions = {
  file?: string;
  class?: string;
  output?: string;
  background?: string;
  groups?: string;
  samples?: number;
  seed?: number;
};

const HELP = `
The graph is kernel SHAP of one class against one background. It takes the inputs of the model with
one row, and gives the contributions, the base and the prediction.

Example:
  $ linnet explain export wdbc@1 --class 1 --file wdbc-explainer.onnx`;

export const registerExplainExport: Register = (group, wire) => {
  wire(
    group
      .command("export <model[@version]>")
      .description("make an ONNX file that explains a version, wherever ONNX runs")
      .option("--file <file>", "where to; <model>-<version>-explainer.onnx if not told")
      .option("--class <class>", "the class to explain, by number or name")
      .option("--output <name>", "the output to explain")
      .option("--background <set>", "rows to compare with: a set's name, or a file")
      .option("--groups <json>", "features that count as one, as JSON or @file")
      .option("--samples <number>", "coalitions", integer(1, 20_000))
      .option("--seed <number>", "another seed gives other samples", integer(0))
      .addHelpText("after", HELP),
    async (context, command) => {
      const { file, samples, ...options } = command.opts<ExportOptions>();
      const { world } = context;
      const text = argument(command, 0);
      const subject = await subjectOf(context, text);
      const { client } = subject;
      const { model, version } = await resolveVersion(client, subject.ref, world.signal);
      const { target, groups, background, seed } = await howOf(context, subject, options);
      const request: ExportExplainerRequest = { target, groups, background, seed, samples };
      const work = explanations.exportExplainer(client, model, version, request, {
        signal: world.signal,
      });
      const bytes = await waitingFor(context, `exporting ${text}`, work);
      const name = file ?? `${model}-${version}-explainer.onnx`;
      const path = resolve(world.cwd, name);
      await writeFile(path, bytes).catch((cause: unknown) => {
        throw new UsageError(`cannot write ${path}`, { cause });
      });
      const made = { model, version, path, size_bytes: bytes.byteLength };
      const size = formatBytes(bytes.byteLength);
      context.show(made, () => `${model}@${version} explains itself in ${name}  (${size})`);
    },
  );
};
