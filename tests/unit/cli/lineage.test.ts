import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseRows } from "../../../clients/cli/commands/lineage.ts";
import { type Answer, type Received, standIn } from "../sdk/stand-in.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

const AT = "2026-11-21T09:30:00.000Z";
const node = (node_id: string, node_type: string, label: string) => ({
  node_id,
  node_type,
  label,
  created_at: AT,
  metadata: {},
});
const RUN = node("run_1", "run", "third try");
const DATA = node("dsv_3", "dataset_version", "bearings@3");
const trace = (depth: number, next_cursor: string | null) => ({
  nodes: [{ ...(depth === 1 ? RUN : DATA), depth, incoming_edges: [], outgoing_edges: [] }],
  edges: [{ from: "dsv_3", to: `run_${depth}` }],
  used_by_others: [],
  truncated: next_cursor !== null,
  why: next_cursor === null ? null : "nodes",
  next_cursor,
});
const VERSION = { version_id: "dsv_3", dataset: "bearings", version_number: 3 };

async function ran(args: string[], answer: (request: Received) => unknown) {
  const { url, received } = await standIn((request): Answer => {
    if (request.path.startsWith("/v1/datasets/")) return { json: VERSION };
    if (request.path.startsWith("/v1/models/")) return { json: { id: "mdl_1", name: "rater" } };
    if (request.headers.accept?.includes("svg")) return { text: "<svg/>" };
    return { json: answer(request) };
  });
  const cwd = await temporaryFolder();
  const result = await runCli(args, { url, cwd });
  return {
    ...result,
    cwd,
    asked: received.map(({ method, path }) => `${method} ${path}`),
    received,
  };
}

describe("lineage", () => {
  it.each([
    [["lineage", "up", "dsv_3"], ["GET /v1/lineage/dsv_3/upstream"]],
    [["lineage", "down", "mdl_1@3"], ["GET /v1/lineage/mdl_1%403/downstream"]],
    [
      ["lineage", "up", "models/rater@2"],
      ["GET /v1/models/rater", "GET /v1/lineage/mdl_1%402/upstream"],
    ],
    [
      ["data", "lineage", "bearings@3"],
      ["GET /v1/datasets/bearings/versions/3", "GET /v1/lineage/dsv_3/upstream"],
    ],
    [
      ["data", "lineage", "bearings", "--down"],
      ["GET /v1/datasets/bearings/versions/head", "GET /v1/lineage/dsv_3/downstream"],
    ],
  ])("of %j is asked for by the ids of nodes", async (args, asked) => {
    const found = await ran(args, () => trace(1, null));
    expect(found.asked).toEqual(asked);
    expect(found.stdout).toMatch(/1 +run +third try +2026-11-21 09:30:00 +run_1/);
  });

  it("says that there is more, and reads all of it when that is asked", async () => {
    const answer = ({ query }: Received) =>
      query["cursor"] === undefined ? trace(1, "5") : trace(2, null);
    const limits = ["--depth", "4", "--kinds", "run,dataset_version", "--limit", "1"];
    const part = await ran(["lineage", "up", "dsv_3", ...limits], answer);
    expect(part.stdout).toContain("there is more (nodes)");
    expect(part.received[0]?.query).toEqual({
      depth: "4",
      kinds: "run,dataset_version",
      limit: "1",
    });
    const whole = await ran(["lineage", "up", "dsv_3", "--all", "--json"], answer);
    const view = JSON.parse(whole.stdout) as {
      nodes: unknown[];
      edges: unknown[];
      truncated: boolean;
    };
    expect([view.nodes.length, view.edges.length, view.truncated]).toEqual([2, 2, false]);
  });

  it("names what others use, of every page", async () => {
    const used = (at: number) => ({
      used_by_others: [{ node_id: `run_other${at}`, node_type: "run", version_id: "dsv_3" }],
    });
    const { stdout } = await ran(["lineage", "down", "dsv_3", "--all"], ({ query }) =>
      query["cursor"] === undefined
        ? { ...trace(1, "5"), ...used(1) }
        : { ...trace(2, null), ...used(2) },
    );
    expect(stdout).toMatch(/used by others:\n\n.*\n.*run +dsv_3 +run_other1\n.*run_other2/);
  });

  it("is drawn into a file", async () => {
    const { cwd, code } = await ran(["lineage", "up", "dsv_3", "--svg", "l.svg"], () =>
      trace(1, null),
    );
    expect(code).toBe(0);
    expect(await readFile(join(cwd, "l.svg"), "utf8")).toBe("<svg/>");
  });

  it("shows a node, a chain, common ancestors and circles", async () => {
    const view = {
      ...DATA,
      incoming_edges: ["trn_1"],
      outgoing_edges: ["run_1"],
      facets: { a: 1 },
    };
    const shown = await ran(["lineage", "show", "bearings"], () => view);
    expect(shown.stdout).toMatch(/made from +trn_1\nused by +run_1\nfacets +a\n/);
    const chain = await ran(["lineage", "chain", "dsv_3"], () => ({
      nodes: [DATA, RUN],
      edges: [],
      truncated: false,
    }));
    expect(chain.stdout).toMatch(/bearings@3.*\n.*third try/);
    const common = await ran(["lineage", "common", "dsv_3", "bearings@3"], () => ({
      ancestors: [{ ...DATA, distance_a: 0, distance_b: 2 }],
      truncated: false,
    }));
    expect(common.received.at(-1)?.query).toEqual({ a: "dsv_3", b: "dsv_3" });
    expect(common.stdout).toMatch(/bearings@3 +0 and 2 +dsv_3/);
    const cycles = (found: string[][]) => () => ({ cycles: found, truncated: false });
    const circle = await ran(["lineage", "cycles"], cycles([["a", "b", "a"]]));
    expect(circle.stdout).toBe("a → b → a\n");
    expect((await ran(["lineage", "cycles"], cycles([]))).stderr).toContain("no circles");
  });

  it("tells what would have to be made again, and why", async () => {
    const impact = {
      affected: [{ ...RUN, path: ["dsv_3", "run_1"], certain: false }],
      counts: { run: 1, model_version: 2, experiment: 0 },
      used_by_others: [],
      truncated: false,
    };
    const rows = await ran(["lineage", "impact", "bearings@3", "--rows", "3,7-9"], () => impact);
    expect(JSON.parse(rows.received.at(-1)?.body ?? "")).toEqual({
      version_id: "dsv_3",
      rows: [3, 7, 8, 9],
    });
    expect(rows.stdout).toMatch(/^2 versions of models, 1 run, 0 experiments\n/);
    expect(rows.stdout).toMatch(/run +third try +perhaps +dsv_3 → run_1 +run_1/);
    const several = await ran(["lineage", "impact", "dsv_1", "dsv_2"], () => impact);
    expect(JSON.parse(several.received.at(-1)?.body ?? "")).toEqual({
      version_ids: ["dsv_1", "dsv_2"],
    });
    const both = await ran(["lineage", "impact", "dsv_1", "dsv_2", "--rows", "1"], () => impact);
    expect(both.code).toBe(2);
  });
});

describe("rows", () => {
  it.each([
    ["0", [0]],
    ["3, 5-7", [3, 5, 6, 7]],
    ["4-4", [4]],
  ])("are read from '%s'", (text, rows) => {
    expect(parseRows(text)).toEqual(rows);
  });

  it.each(["", "a", "-1", "5-4", "1,,2", "1.5", "0-100000", "0-99999,5"])(
    "are not read from '%s'",
    (text) => {
      expect(() => parseRows(text)).toThrow(/expected/);
    },
  );
});
