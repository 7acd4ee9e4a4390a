import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linesOf } from "../../../clients/cli/lines.ts";
import { problem, type Received, standIn } from "../sdk/stand-in.ts";
import { EXPERIMENT } from "./experiment-fixture.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

type Body = { outcomes: { request_id: string; variant_id: string }[] };
const outcomesOf = (received: readonly Received[]) =>
  received
    .filter(({ method }) => method === "POST")
    .map(({ body }) => (JSON.parse(body) as Body).outcomes);
const platform = (rejected: object[] = [], status = "running") =>
  standIn(({ method, body }) => {
    if (method === "GET") return { json: EXPERIMENT };
    const accepted = (JSON.parse(body) as Body).outcomes.length - rejected.length;
    return { json: { accepted, duplicates: 0, rejected, status } };
  });
const report = ["experiments", "report", "exp_1"];
const line = (index: number) =>
  JSON.stringify({ request_id: `r${index}`, variant: "wdbc@2", success: true, latency_ms: 1 });
const lines = (count: number) =>
  Array.from({ length: count }, (_, index) => line(index)).join("\n");

describe("lines of JSON", () => {
  it("are sent from standard input in batches of 1000, each once and in order", async () => {
    const { url, received } = await platform();
    const ran = await runCli(report, { url, input: `${lines(2_500)}\n\n` });
    expect(ran.stdout).toBe("2,500 counted, 0 known before, 0 rejected\n");
    const batches = outcomesOf(received);
    expect(batches.map((batch) => batch.length)).toEqual([1_000, 1_000, 500]);
    expect(batches.flat().map(({ request_id }) => request_id)).toEqual(
      Array.from({ length: 2_500 }, (_, index) => `r${index}`),
    );
    expect(batches[0]?.[0]).toMatchObject({ variant_id: "var_2", success: true });
  });

  it("are sent from a file", async () => {
    const { url, received } = await platform();
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "outcomes.ndjson"), lines(3));
    const ran = await runCli([...report, "--file", "outcomes.ndjson", "--json"], { url, cwd });
    expect(JSON.parse(ran.stdout)).toEqual({
      accepted: 3,
      duplicates: 0,
      rejected: [],
      status: "running",
    });
    expect(outcomesOf(received)[0]).toHaveLength(3);
  });

  it("that the platform does not count are named, with exit code 1", async () => {
    const { url } = await platform([{ request_id: "r1", code: "variant_unknown" }], "rolled_back");
    const ran = await runCli(report, { url, input: lines(3) });
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain(
      "2 counted, 0 known before, 1 rejected\n  line 2, r1: variant_unknown",
    );
    expect(ran.stderr).toContain("the experiment is rolled back");
  });

  it.each([
    ["no JSON", `${lines(1)}\nnot json`, "line 2 is not JSON"],
    ["no object", "[]", "line 1 is not an object"],
  ])("are refused when one is %s", async (_, input, message) => {
    const { url, received } = await platform();
    const ran = await runCli(report, { url, input });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(message);
    expect(outcomesOf(received)).toEqual([]);
  });

  it("are found by the fault that the platform names, and what went before is told", async () => {
    const errors = [{ pointer: "#/outcomes/2/success", detail: "expected boolean" }];
    const { url } = await standIn(({ method, body }) => {
      if (method === "GET") return { json: EXPERIMENT };
      const accepted = (JSON.parse(body) as Body).outcomes.length;
      return accepted === 1_000
        ? { json: { accepted, duplicates: 0, rejected: [], status: "running" } }
        : problem(400, "invalid_request", { members: { errors } });
    });
    const ran = await runCli(report, { url, input: lines(1_005) });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("line 1003: expected boolean; none of its batch was counted");
    expect(ran.stderr).toContain("1,000 outcomes were counted before this");
  });
});

describe("one outcome from flags", () => {
  it("is sent with all that it says", async () => {
    const { url, received } = await platform();
    const said = ["--request", "r1", "--variant", "wdbc@2", "--failure", "--latency", "12.5"];
    const more = [
      "--metric",
      "conversion=0",
      "--epoch",
      "2",
      "--revision",
      "1",
      "--covariate",
      "3",
    ];
    expect((await runCli([...report, ...said, ...more], { url })).code).toBe(0);
    expect(outcomesOf(received)).toEqual([
      [
        {
          request_id: "r1",
          variant_id: "var_2",
          success: false,
          latency_ms: 12.5,
          metrics: { conversion: 0 },
          epoch: 2,
          revision: 1,
          covariate: 3,
        },
      ],
    ]);
  });

  it.each([
    ["how it went", ["--variant", "wdbc@2", "--latency", "1"]],
    ["one way it went", ["--variant", "wdbc@2", "--latency", "1", "--success", "--failure"]],
    ["a variant", ["--success", "--latency", "1"]],
    ["a latency", ["--success", "--variant", "wdbc@2"]],
    ["a metric", ["--success", "--variant", "wdbc@2", "--latency", "1", "--metric", "speed"]],
  ])("needs %s", async (_, args) => {
    const { url, received } = await platform();
    const ran = await runCli([...report, "--request", "r1", ...args], { url });
    expect(ran.code).toBe(2);
    expect(outcomesOf(received)).toEqual([]);
  });
});

it("reads every line, wherever the chunks are cut", async () => {
  const text = fc.array(
    fc.string({ unit: "grapheme" }).map((one) => one.replaceAll(/[\r\n]/g, "")),
  );
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 7 }), async (given, size) => {
      const bytes = new TextEncoder().encode(given.map((one) => `${one}\n`).join(""));
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      const source = (async function* () {
        yield* chunks;
      })();
      expect(await Array.fromAsync(linesOf(source))).toEqual(given);
    }),
  );
});
