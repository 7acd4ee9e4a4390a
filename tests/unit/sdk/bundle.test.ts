import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";

const BUDGET_BYTES = 56_000;
const sdk = fileURLToPath(new URL("../../../clients/sdk", import.meta.url));

async function bundle(code: string): Promise<{ inputs: string[]; text: string }> {
  const { metafile, outputFiles } = await build({
    stdin: { contents: code, resolveDir: sdk, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "browser",
    minify: true,
    write: false,
    metafile: true,
  });
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [path] : [],
    ),
  );
  return { inputs: used, text: outputFiles.map((file) => file.text).join("") };
}

test("the whole client is small, and brings along only how events are chained and files are cut and hashed", async () => {
  const { inputs, text } = await bundle(`export * from "./index.ts";`);
  const others = inputs.filter((path) => !path.includes("clients/sdk") && path !== "<stdin>");
  expect(others.map((path) => path.replace(/^node_modules\/(@noble\/hashes)\/.*/, "$1"))).toEqual([
    "domain/text/canonical-json.ts",
    "contract/chained-text.ts",
    "domain/datasets/chunks/gear-table.ts",
    "domain/datasets/chunks/fast-cdc.ts",
    "domain/onnx/onnx-fault.ts",
    "domain/datasets/dataset-fault.ts",
    "domain/datasets/file-ends.ts",
    "domain/datasets/chunks/pack-frame.ts",
    "domain/text/utf8.ts",
    "domain/datasets/formats/parquet/thrift.ts",
    "domain/datasets/formats/parquet/footer.ts",
    "domain/datasets/chunks/parquet-boundaries.ts",
    "domain/datasets/formats/format-names.ts",
    ...Array.from({ length: 4 }, () => "@noble/hashes"),
  ]);
  expect(text.length).toBeLessThan(BUDGET_BYTES);
});

test("what is not imported is left out", async () => {
  const { inputs } = await bundle(
    `import { createClient, models } from "./index.ts"; console.log(createClient, models.predict);`,
  );
  expect(inputs.join()).not.toMatch(
    /outcome-reporter|experiment|watch|verify|canonical|layers|upload-body|keys\.ts|expl|jobs|backgrounds|server-events|dataset|chunk|noble|groups|runs|lineage/,
  );
});
