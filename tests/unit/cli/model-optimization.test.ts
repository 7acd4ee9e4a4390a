import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { OptimizeRequest } from "../../../clients/sdk/index.ts";
import { type Answer, problem, standIn } from "../sdk/stand-in.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

const VERSION = {
  model: "digits",
  version: 1,
  sha256: "ab".repeat(32),
  size_bytes: 14_744,
  description: "",
  inputs: [{ name: "image", type: "float32", shape: ["N", 1, 2, 2] }],
  outputs: [{ name: "probabilities", type: "float32", shape: ["N", 10] }],
  created_at: "2026-11-21T09:30:00.000Z",
  created_by: "key_1",
  derived_from: null,
  details: null,
};
const latency = (p50_ms: number) => ({ runs: 50, mean_ms: p50_ms, p50_ms });
const FIGURES = {
  kind: "quantize_static",
  before: {
    size_bytes: 14_744,
    evaluation: { task: "classification", rows: 600, accuracy: 0.99 },
    latency: latency(0.02),
  },
  after: {
    size_bytes: 5_968,
    evaluation: { task: "classification", rows: 600, accuracy: 0.98 },
    latency: latency(0.01),
  },
  agreement: { rows: 600, max_difference: 0.02, mean_difference: 0.001, same_class: 0.995 },
  speed: { batch_size: 1, ratio: 0.5, ratio_interval: [0.45, 0.55] },
  report: { quantized_nodes: 3, skipped: [{ node: "n" }] },
  gate: { passed: true, reasons: [] },
  notes: ["a note"],
};
const MADE = { version: { ...VERSION, version: 2, description: "smaller" }, ...FIGURES };

const platform = (answer: () => Answer) =>
  standIn((request) =>
    request.method === "GET" && request.path.endsWith("/versions/1") ? { json: VERSION } : answer(),
  );

/** Runs `models optimize digits@1` beside a file, and answers with what was sent. */
async function optimize(args: string[], file?: { name: string; content: string | Buffer }) {
  const cwd = await temporaryFolder();
  if (file) await writeFile(join(cwd, file.name), file.content);
  const { url, received } = await platform(() => ({ json: MADE, status: 201 }));
  const ran = await runCli(["models", "optimize", "digits@1", ...args], { url, cwd });
  const sent = received.find(({ method }) => method === "POST");
  return { ...ran, sent: sent ? (JSON.parse(sent.body) as OptimizeRequest) : null };
}

it("models get tells what the file says of the model", async () => {
  const details = {
    feature_names: ["a", "b", "c", "d", "e", "f"],
    class_names: ["no", "yes"],
    categorical_features: null,
    preprocessing: [{ input: "image", kind: "image", fills: ["image"], summary: "grey, chw" }],
  };
  const { url } = await platform(() => ({ json: {} }));
  const bare = await runCli(["models", "get", "digits@1"], { url });
  expect(bare.stdout).not.toMatch(/features|classes|images/);
  const described = await standIn(() => ({ json: { ...VERSION, details } }));
  const { stdout } = await runCli(["models", "get", "digits@1"], { url: described.url });
  expect(stdout).toMatch(/features +a, b, c, d, e, … \(6\)\n/);
  expect(stdout).toMatch(/classes +no, yes\n/);
  expect(stdout).toMatch(/images +image: grey, chw\n/);
});

describe("models optimize", () => {
  it("describes a version with what a file says", async () => {
    const content = JSON.stringify({ class_names: ["no", "yes"] });
    const args = ["--kind", "describe", "--options", "@d.json"];
    const { sent } = await optimize(args, { name: "d.json", content });
    expect(sent).toEqual({ kind: "describe", options: { class_names: ["no", "yes"] } });
  });

  it("sends what was asked for and shows both versions side by side", async () => {
    const flags = "--kind prune --max-accuracy-loss 0.01 --min-agreement 0.9 --no-speed --dry-run";
    const { code, stdout, sent } = await optimize([
      ...flags.split(" "),
      "--options",
      '{"amount":0.5}',
      "--description",
      "half",
    ]);
    expect(code).toBe(0);
    expect(sent).toEqual({
      kind: "prune",
      options: { amount: 0.5 },
      gate: { max_accuracy_loss: 0.01, min_agreement: 0.9 },
      speed: false,
      description: "half",
      dry_run: true,
    });
    expect(stdout).toContain("digits@2  smaller");
    expect(stdout).toMatch(/size +14\.7 kB +6\.0 kB +× 0\.40\n/);
    expect(stdout).toMatch(/accuracy +99\.00 % +98\.00 % +-1\.00 points/);
    expect(stdout).toMatch(/p50 ms +0\.0200 +0\.0100 +× 0\.50 \(0\.45 to 0\.55\)/);
    expect(stdout).toMatch(/same class +99\.50 % of 600 rows/);
    expect(stdout).toMatch(/report +quantized nodes 3, skipped 1/);
    expect(stdout).toMatch(/note +a note/);
  });

  it.each([
    [
      "named columns",
      "d.csv",
      "a,b,digit,c,d\n1,2,7,3,4\n5,6,8,7,8\n",
      ["--label-column", "digit"],
    ],
    [
      "names that are numbers",
      "d.csv",
      "1,2,digit,3,4\n1,2,7,3,4\n5,6,8,7,8\n",
      ["--label-column", "digit"],
    ],
    ["numbered columns", "d.csv", "1,2,7,3,4\r\n5,6,8,7,8\r\n", ["--label-column", "3"]],
    ["a packed table", "d.csv.gz", gzipSync("1,2,3,4,7\n5,6,7,8,8\n"), ["--label-column", "5"]],
    [
      "no more rows than asked for",
      "d.csv",
      "1,2,3,4,7\n5,6,7,8,8\n9,9,9,9,9\n",
      ["--label-column", "5", "--rows", "2"],
    ],
  ])("reads a table with %s", async (_, name, content, flags) => {
    const args = ["--kind", "quantize-static", "--data", name, "--scale", "0.5", ...flags];
    const { code, sent, stderr } = await optimize(args, { name, content });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(sent).toEqual({
      kind: "quantize_static",
      data: {
        inputs: { image: { shape: [2, 1, 2, 2], data: [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4] } },
        labels: [7, 8],
      },
    });
  });

  it("takes labels that are texts, and JSON as it is", async () => {
    const table = { name: "d.csv", content: "1,2,3,4,cat\n5,6,7,8,2\n" };
    const texts = await optimize(
      ["--kind", "fp16", "--data", "d.csv", "--label-column", "5"],
      table,
    );
    expect(texts.sent?.data?.labels).toEqual(["cat", "2"]);
    const data = {
      inputs: {
        image: [
          [
            [
              [1, 2],
              [3, 4],
            ],
          ],
        ],
      },
    };
    const file = { name: "d.json", content: JSON.stringify(data) };
    const json = await optimize(["--kind", "fp16", "--data", "d.json"], file);
    expect(json.sent?.data).toEqual(data);
  });

  it.each([
    [
      "a table of another width",
      "1,2,3\n",
      [],
      "a row has 3 numbers, and 'image' takes [N, 1, 2, 2]",
    ],
    [
      "a line of another width",
      "1,2,3,4\n1,2\n",
      [],
      "line 2 of d.csv has 2 cells where the first has 4",
    ],
    ["a text among numbers", "1,2,3,4\n1,2,x,4\n", [], "line 2 of d.csv: 'x' is not a number"],
    ["an empty cell", "1,2,3,4\n1,,3,4\n", [], "line 2 of d.csv: '' is not a number"],
    ["an empty table", "a,b\n", [], "d.csv has no rows"],
    [
      "a column that is none",
      "a,b,c,d,e\n1,2,3,4,5\n",
      ["--label-column", "x"],
      "no column 'x' among 5: a, b, c, d, e",
    ],
    ["JSON that is none", "{", [], "d.csv is not JSON"],
    [
      "a table's option for JSON",
      "{}",
      ["--label-column", "x"],
      "--label-column belongs to a table",
    ],
  ])("refuses %s", async (_, content, flags, message) => {
    const args = ["--kind", "fp16", "--data", "d.csv", ...flags];
    const { code, stderr, sent } = await optimize(args, { name: "d.csv", content });
    expect(stderr).toContain(message);
    expect({ code, sent }).toEqual({ code: 2, sent: null });
  });

  it("tells of a result that is a version already, and of a dry run", async () => {
    const known = await platform(() => ({ json: MADE }));
    const args = ["models", "optimize", "digits@1", "--kind", "graph"];
    expect((await runCli(args, { url: known.url })).stdout).toContain(
      "digits@2 has these bytes already",
    );
    const dry = await platform(() => ({ json: { ...MADE, version: null } }));
    expect((await runCli(args, { url: dry.url })).stdout).toContain("no version was made");
  });

  it("shows the figures of a version that its gate refuses", async () => {
    const gate = { passed: false, reasons: ["too large"] };
    const { url } = await platform(() =>
      problem(422, "release_gate_failed", { members: { ...FIGURES, gate } }),
    );
    const ran = await runCli(["models", "optimize", "digits@1", "--kind", "fp16"], { url });
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toMatch(/size +14\.7 kB +6\.0 kB/);
    expect(ran.stderr).toContain("(release_gate_failed)");
    const asked = ["models", "optimize", "digits@1", "--kind", "fp16", "--json"];
    const json = await runCli(asked, { url });
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "release_gate_failed" } });
  });

  it("says on a terminal that it waits, and ends with Ctrl-C", async () => {
    const { url } = await platform(() => "silence");
    const controller = new AbortController();
    const { signal } = controller;
    setTimeout(() => controller.abort(), 150);
    const args = ["models", "optimize", "digits@1", "--kind", "quantize-dynamic"];
    const ran = await runCli(args, { url, signal, terminal: true });
    expect(ran.code).toBe(130);
    expect(ran.stderr).toContain("quantize-dynamic of digits@1 … 0 s");
  });
});

describe("models benchmark and inspect", () => {
  it("benchmark sends the sizes and shows a line for each", async () => {
    const batch = { ...latency(0.0137), p90_ms: 1, p95_ms: 2, p99_ms: 3, max_ms: 123.4 };
    const { url, received } = await platform(() => ({
      json: {
        model: "digits",
        version: 1,
        runtime: "wasm",
        model_bytes: 14_744,
        opening_ms: 6,
        batches: [{ ...batch, batch_size: 8, rows_per_second: 76_134.4 }],
      },
    }));
    const args = ["models", "benchmark", "digits@1", "--batch", "8", "--runs", "5"];
    const ran = await runCli([...args, "--max-seconds", "2.5"], { url });
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({
      batch_sizes: [8],
      runs: 5,
      max_seconds: 2.5,
    });
    expect(ran.stdout).toContain("digits@1  14.7 kB, opened in 6.00 ms by wasm");
    expect(ran.stdout).toMatch(/8 +50 +0\.0137 +1\.00 +2\.00 +3\.00 +123 +76,134/);
    expect((await runCli([...args, "--batch", "x"], { url })).code).toBe(2);
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "d.csv"), "1,2,3,4\n");
    await runCli([...args, "--data", "d.csv"], { url, cwd });
    expect(JSON.parse(received.at(-1)?.body ?? "")).toMatchObject({
      data: { inputs: { image: { shape: [1, 1, 2, 2], data: [1, 2, 3, 4] } } },
    });
  });

  it("inspect shows what the model is made of, and what is wrong with it", async () => {
    const { url, received } = await platform(() => ({
      json: {
        model: "digits",
        version: 1,
        producer: null,
        ir_version: 8,
        opsets: { "ai.onnx": 17 },
        inputs: VERSION.inputs,
        outputs: VERSION.outputs,
        batch: 4,
        file_bytes: 14_744,
        weight_bytes: 14_440,
        parameters: { trainable: 3_610, by_type: { float32: 3_610 } },
        operators: { Gemm: 2, Relu: 1 },
        macs: 3_552,
        activations: { peak_bytes: 704, sum_bytes: 720 },
        unknown: { macs_of_nodes: 1, sizes_of_tensors: 0 },
        nodes: [
          { name: "z0", operator: "Gemm", output_shape: [1, null], parameters: 7, macs: null },
        ],
        fits_isolate: { fits: true, needed_bytes: 1, limit_bytes: 2, reason: "9.1 MB of heap" },
        problems: [{ code: "invalid", message: "node 'z0' reads nothing" }],
      },
    }));
    const ran = await runCli(["models", "inspect", "digits@1", "--batch", "4"], { url });
    expect(received[0]).toMatchObject({
      path: "/v1/models/digits/versions/1/inspect",
      query: { batch: "4" },
    });
    expect(ran.stdout).toMatch(/operators +Gemm 2, Relu 1/);
    expect(ran.stdout).toMatch(/cost +at least 3,552 MACs for a batch of 4/);
    expect(ran.stdout).toMatch(/z0 +Gemm +\[1, \?\] +7 +\?/);
    expect(ran.stdout).toContain("problem: node 'z0' reads nothing");
  });
});
