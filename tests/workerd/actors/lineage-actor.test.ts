import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { RunRecord, TraceAnswer } from "../../../contract/lineage-record.ts";
import type { LineageEdge } from "../../../domain/lineage/lineage-node.ts";
import type { OpenLineageEvent } from "../../../domain/lineage/openlineage/event.ts";
import { runIdOf } from "../../../domain/lineage/openlineage/run-uuid.ts";
import { granted, refused } from "../support/granted.ts";
import {
  edgesOf,
  newLineage,
  nodeOf,
  read,
  readNewRun,
  readRun,
  runRecord,
} from "../support/lineage.ts";
import { serialId } from "../support/serial-id.ts";

const idsOf = (nodes: readonly { node_id: string }[]) => nodes.map(({ node_id }) => node_id);

describe("putting nodes and edges", () => {
  it("adds what is new, once, after an eviction too", async () => {
    const { open, put } = newLineage();
    expect(await granted(put("dsv_a dsv_b", "dsv_b run_c"))).toEqual({
      added_nodes: 3,
      added_edges: 2,
    });
    await evictDurableObject(open());
    expect(await granted(put("dsv_a dsv_b", "dsv_b run_c", "dsv_a run_c"))).toEqual({
      added_nodes: 0,
      added_edges: 1,
    });
    const { nodes, edges } = await granted(read("downstream", open().downstream("dsv_a")));
    expect(idsOf(nodes)).toEqual(["dsv_a", "dsv_b", "run_c"]);
    expect(edges).toEqual(edgesOf(["dsv_a dsv_b", "dsv_a run_c", "dsv_b run_c"]));
  });

  it("brings a node to what it is now, and knows since when it has been there", async () => {
    const { open } = newLineage();
    const first = nodeOf("dsv_a", { label: "wines@1", created_at: 5_000, metadata: { rows: 1 } });
    await granted(open().put([first], []));
    const second = { ...first, created_at: 9_000, metadata: { rows: 2 } };
    expect(await granted(open().put([second], []))).toEqual({ added_nodes: 0, added_edges: 0 });
    expect(await granted(read("node", open().node("dsv_a")))).toMatchObject({
      label: "wines@1",
      created_at: 5_000,
      metadata: { rows: 2 },
    });
  });

  it("keeps a place for an end that is described later", async () => {
    const { open } = newLineage();
    const only = await open().put([nodeOf("dsv_b")], edgesOf(["dsv_a dsv_b"]));
    expect(only).toEqual({ ok: true, value: { added_nodes: 1, added_edges: 1 } });
    const place = await granted(read("node", open().node("dsv_a")));
    expect(place).toMatchObject({ node_type: "dataset_version", metadata: { unknown: true } });
    expect(await open().existing(["dsv_a", "dsv_b", "dsv_c"])).toEqual(["dsv_b"]);
    const told = nodeOf("dsv_a", { label: "wines@1" });
    expect(await granted(open().put([told], []))).toEqual({ added_nodes: 1, added_edges: 0 });
    const known = await granted(read("node", open().node("dsv_a")));
    expect(known).toMatchObject({ ...told, outgoing_edges: ["dsv_b"] });
  });

  it("refuses an end that is no node", async () => {
    const { open } = newLineage();
    const answer = open().put([], edgesOf(["dsv_a nothing"]));
    expect(await refused(answer)).toEqual({
      code: "lineage_node_not_found",
      node_id: "nothing",
    });
    expect(await open().existing(["dsv_a"])).toEqual([]);
  });

  it("by two at the same time puts both", async () => {
    const { open, put } = newLineage();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => granted(put("dsv_a dsv_b", `dsv_b run_${at}`))),
    );
    expect(answers.reduce((sum, { added_edges }) => sum + added_edges, 0)).toBe(21);
    const { nodes } = await granted(read("downstream", open().downstream("dsv_a")));
    expect(nodes).toHaveLength(22);
  });
});

describe("a cycle", () => {
  it("is refused with its path, and leaves nothing of what came with it", async () => {
    const { open, put } = newLineage();
    await granted(put("dsv_a dsv_b", "dsv_b dsv_c", "dsv_c dsv_d"));
    const answer = put("dsv_d dsv_b", "dsv_d dsv_e");
    expect(await refused(answer)).toEqual({
      code: "lineage_cycle",
      path: ["dsv_d", "dsv_b", "dsv_c", "dsv_d"],
    });
    await evictDurableObject(open());
    const { nodes } = await granted(read("downstream", open().downstream("dsv_a")));
    expect(idsOf(nodes)).toEqual(["dsv_a", "dsv_b", "dsv_c", "dsv_d"]);
    expect(await refused(read("node", open().node("dsv_e")))).toMatchObject({ node_id: "dsv_e" });
  });

  it("of one node, and one within what is put at once, is refused", async () => {
    const { put } = newLineage();
    expect(await refused(put("dsv_a dsv_a"))).toMatchObject({ path: ["dsv_a", "dsv_a"] });
    const whole = put("dsv_a dsv_b", "dsv_b dsv_c", "dsv_c dsv_a");
    expect(await refused(whole)).toMatchObject({ code: "lineage_cycle" });
  });

  it("that two close at the same time is refused to one of them", async () => {
    const { put } = newLineage();
    await granted(put("dsv_a dsv_b", "dsv_c dsv_d"));
    const both = await Promise.all([put("dsv_b dsv_c"), put("dsv_d dsv_a")]);
    expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
  });

  it("that OpenLineage tells of is a fact, and is found", async () => {
    const { open, put } = newLineage();
    await granted(put("dsv_a run_x"));
    expect(await open().cycles()).toEqual({ cycles: [], truncated: false });
    await open().record([
      event({ type: "COMPLETE", inputs: ["accounts"], outputs: ["accounts", "report"] }),
    ]);
    const { cycles, truncated } = await open().cycles();
    const run = runIdOf(RUN);
    expect(truncated).toBe(false);
    expect(cycles.map((cycle) => new Set(cycle))).toEqual([new Set(["ds:db/accounts", run])]);
    const chain = read("chain", open().chain(run));
    expect(await refused(chain)).toMatchObject({ code: "lineage_cycle" });
    // What is put by Linnet itself beside it is none.
    expect(await granted(put(`${run} mdl_m@1`))).toMatchObject({ added_edges: 1 });
  });
});

/** Ten thousand versions, each made from up to three of the fifty before it. */
function manyEdges(count: number): LineageEdge[] {
  return Array.from({ length: count }, (_, at) =>
    [1, 7, 43].flatMap((back) =>
      at >= back ? [{ from: `dsv_${at - back}`, to: `dsv_${at}` }] : [],
    ),
  ).flat();
}

describe("a graph of ten thousand nodes", () => {
  it("is answered in pages that are one answer together", async () => {
    const { open } = newLineage();
    const edges = manyEdges(10_000);
    for (let at = 0; at < edges.length; at += 10_000)
      await granted(open().put([], edges.slice(at, at + 10_000)));
    const whole = await granted(
      read("downstream", open().downstream("dsv_5000", { depth: 9, limit: 1_000 })),
    );
    expect(whole.truncated && whole.why).toBe("depth");
    const paged: string[] = [];
    const seen = new Set<string>();
    for (let cursor: number | null = 0; cursor !== null;) {
      const page: TraceAnswer = await granted(
        read("downstream", open().downstream("dsv_5000", { depth: 9, limit: 50, cursor })),
      );
      expect(page.why).toBe(page.next_cursor === null ? "depth" : "nodes");
      paged.push(...idsOf(page.nodes));
      for (const { from, to } of page.edges) seen.add(`${from} ${to}`);
      cursor = page.next_cursor;
    }
    expect(paged).toEqual(idsOf(whole.nodes));
    expect(seen).toEqual(new Set(whole.edges.map(({ from, to }) => `${from} ${to}`)));
    const listed = new Set(paged);
    const among = edges.filter(({ from, to }) => listed.has(from) && listed.has(to));
    expect(seen.size).toBe(among.length);
  });

  it("refuses an edge from its end to its beginning", async () => {
    const { open } = newLineage();
    const edges = manyEdges(3_000);
    await granted(open().put([], edges));
    const answer = await refused(open().put([], edgesOf(["dsv_2999 dsv_0"])));
    if (answer.code !== "lineage_cycle") throw new Error(answer.code);
    const [first, second, ...rest] = answer.path;
    expect([first, second, rest.at(-1)]).toEqual(["dsv_2999", "dsv_0", "dsv_2999"]);
    const known = new Set(edges.map(({ from, to }) => `${from} ${to}`));
    for (const [at, id] of answer.path.slice(2).entries())
      expect(known).toContain(`${answer.path[at + 1]} ${id}`);
  });
});

describe("what was made from what", () => {
  const story = async () => {
    const lineage = newLineage();
    await granted(
      lineage.put(
        "dsv_raw trn_clean",
        "trn_clean dsv_clean",
        "dsv_clean trn_split",
        "trn_split dsv_train",
        "trn_split dsv_test",
        "dsv_train run_fit",
        "run_fit mdl_m@1",
        "mdl_m@1 exp_try",
      ),
    );
    await granted(
      lineage
        .open()
        .put(
          [
            nodeOf("trn_clean", { metadata: { transformation_type: "map" } }),
            nodeOf("trn_split", { metadata: { transformation_type: "split" } }),
          ],
          [],
        ),
    );
    return lineage.open;
  };

  it("is told upstream by steps, within a depth, and of some kinds", async () => {
    const open = await story();
    const all = await granted(read("upstream", open().upstream("run_fit")));
    expect(all.nodes.map(({ node_id, depth }) => [node_id, depth])).toEqual([
      ["run_fit", 0],
      ["dsv_train", 1],
      ["trn_split", 2],
      ["dsv_clean", 3],
      ["trn_clean", 4],
      ["dsv_raw", 5],
    ]);
    expect(all.nodes[2]).toMatchObject({
      incoming_edges: ["dsv_clean"],
      outgoing_edges: ["dsv_train"],
    });
    expect(all).toMatchObject({ truncated: false, why: null, next_cursor: null });
    const near = await granted(read("upstream", open().upstream("run_fit", { depth: 2 })));
    expect([idsOf(near.nodes), near.why]).toEqual([["run_fit", "dsv_train", "trn_split"], "depth"]);
    const kinds = ["dataset_version"] as const;
    const data = await granted(read("upstream", open().upstream("run_fit", { kinds })));
    expect(idsOf(data.nodes)).toEqual(["dsv_train", "dsv_clean", "dsv_raw"]);
    const some = await granted(read("upstream", open().upstream("run_fit", { kinds, limit: 2 })));
    expect([idsOf(some.nodes), some.why, some.next_cursor]).toEqual([
      ["dsv_train", "dsv_clean"],
      "nodes",
      2,
    ]);
  });

  it("is a chain in the order to do it again in", async () => {
    const open = await story();
    const { nodes, truncated } = await granted(read("chain", open().chain("mdl_m@1")));
    expect(idsOf(nodes)).toEqual([
      "dsv_raw",
      "trn_clean",
      "dsv_clean",
      "trn_split",
      "dsv_train",
      "run_fit",
      "mdl_m@1",
    ]);
    expect(truncated).toBe(false);
  });

  it("has common ancestors, nearest first", async () => {
    const open = await story();
    const { ancestors } = await granted(
      read("commonAncestors", open().commonAncestors("mdl_m@1", "dsv_test")),
    );
    expect(ancestors.map((one) => [one.node_id, one.distance_a, one.distance_b])).toEqual([
      ["trn_split", 3, 1],
      ["dsv_clean", 4, 2],
      ["trn_clean", 5, 3],
      ["dsv_raw", 6, 4],
    ]);
  });

  it("is affected by what is withdrawn, for certain where no row can have been left out", async () => {
    const open = await story();
    const versions = await granted(read("impact", open().impact(["dsv_raw"])));
    expect(versions.affected.map(({ node_id, certain }) => [node_id, certain])).toEqual([
      ["run_fit", true],
      ["mdl_m@1", true],
      ["exp_try", true],
    ]);
    expect(versions.affected[1]?.path.join(" ")).toBe(
      "dsv_raw trn_clean dsv_clean trn_split dsv_train run_fit mdl_m@1",
    );
    const rows = await granted(read("impact", open().impact(["dsv_raw"], true)));
    expect(rows.affected.map(({ certain }) => certain)).toEqual([false, false, false]);
    const direct = await granted(read("impact", open().impact(["dsv_train"], true)));
    expect(direct.affected.map(({ certain }) => certain)).toEqual([true, true, true]);
    await open().removeModel("mdl_m", 1);
    const left = await granted(read("impact", open().impact(["dsv_raw"])));
    expect(idsOf(left.affected)).toEqual(["run_fit", "exp_try"]);
  });

  it("is missing by its id", async () => {
    const open = await story();
    const missing = { code: "lineage_node_not_found", node_id: "dsv_none" };
    expect(await refused(read("upstream", open().upstream("dsv_none")))).toEqual(missing);
    expect(await refused(read("chain", open().chain("dsv_none")))).toEqual(missing);
    expect(await refused(read("impact", open().impact(["dsv_raw", "dsv_none"])))).toEqual(missing);
    const ancestors = open().commonAncestors("dsv_raw", "dsv_none");
    expect(await refused(read("commonAncestors", ancestors))).toEqual(missing);
  });
});

describe("what is removed", () => {
  it("stays as a place where something was made from it, until nothing is left that was", async () => {
    const { open, put } = newLineage();
    await granted(put("dsv_a dsv_b", "dsv_b dsv_c"));
    expect(await open().remove(["dsv_b"])).toBe(1);
    expect(await open().remove(["dsv_b"])).toBe(1);
    await evictDurableObject(open());
    const { nodes } = await granted(read("upstream", open().upstream("dsv_c")));
    expect(nodes.map(({ node_id, metadata }) => [node_id, metadata["deleted"] ?? false])).toEqual([
      ["dsv_c", false],
      ["dsv_b", true],
      ["dsv_a", false],
    ]);
    expect(await open().existing(["dsv_a", "dsv_b", "dsv_c"])).toEqual(["dsv_a", "dsv_c"]);
    expect(await open().remove(["dsv_c"])).toBe(1);
    const { outgoing_edges } = await granted(read("node", open().node("dsv_a")));
    expect(outgoing_edges).toEqual([]);
    const counts = await runInDurableObject(open(), (_, { storage }) =>
      ["node", "edge", "facet"].map(
        (table) => storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n,
      ),
    );
    expect(counts).toEqual([1, 0, 0]);
  });

  it("comes back when it is put again", async () => {
    const { open, put } = newLineage();
    await granted(put("dsv_a dsv_b"));
    await open().remove(["dsv_a"]);
    expect(await granted(put("dsv_a dsv_b"))).toEqual({ added_nodes: 1, added_edges: 0 });
    const { metadata } = await granted(read("node", open().node("dsv_a")));
    expect(metadata).toEqual({});
  });
});

describe("a run", () => {
  const start = async (changes: Partial<RunRecord> = {}) => {
    const { open } = newLineage();
    const run_id = serialId("run");
    const record = runRecord(run_id, changes);
    const order = {
      record,
      request_hash: "a",
      inputs: [nodeOf("dsv_a", { label: "wines@1" })],
      outputs: [],
    };
    const begun = await granted(readNewRun(open().putRun(order)));
    return { open, run_id, order, begun };
  };

  it("is kept with what it used, once, after an eviction too", async () => {
    const { open, run_id, order, begun } = await start();
    expect(begun).toMatchObject({ created: true, run: { run_id, status: "running" } });
    expect(idsOf(begun.run.inputs)).toEqual(["dsv_a"]);
    await evictDurableObject(open());
    expect(await granted(readNewRun(open().putRun(order)))).toEqual({ ...begun, created: false });
    const other = open().putRun({ ...order, request_hash: "b" });
    expect(await refused(readNewRun(other))).toEqual({ code: "run_id_taken", run_id });
    expect(await open().listRuns({ limit: 10 })).toHaveLength(1);
  });

  it("begun by two at the same time is begun once", async () => {
    const { open } = newLineage();
    const record = runRecord(serialId("run"));
    const order = { record, request_hash: "a", inputs: [], outputs: [] };
    const begun = await Promise.all([1, 2, 3].map(() => granted(readNewRun(open().putRun(order)))));
    expect(begun.filter(({ created }) => created)).toHaveLength(1);
  });

  it("leaves what is known of a version as it is", async () => {
    const { open } = newLineage();
    const known = nodeOf("dsv_a", { label: "wines@1", metadata: { rows: 9 } });
    await granted(open().put([known], []));
    const order = { record: runRecord(serialId("run")), request_hash: "a", outputs: [] };
    await granted(readNewRun(open().putRun({ ...order, inputs: [nodeOf("dsv_a")] })));
    expect(await granted(read("node", open().node("dsv_a")))).toMatchObject(known);
  });

  it("ends once, and may be told more of", async () => {
    const { open, run_id } = await start();
    const model = nodeOf("mdl_m@1");
    const ended = await granted(
      readRun(
        open().changeRun(run_id, {
          status: "succeeded",
          ended_at: 7_000,
          metrics: { accuracy: 0.9 },
          outputs: [model],
        }),
      ),
    );
    expect(ended).toMatchObject({ status: "succeeded", ended_at: 7_000, outputs: [model] });
    await evictDurableObject(open());
    const more = await granted(
      readRun(open().changeRun(run_id, { metrics: { loss: 1 }, outputs: [] })),
    );
    expect(more).toMatchObject({ ended_at: 7_000, metrics: { accuracy: 0.9, loss: 1 } });
    const again = open().changeRun(run_id, { status: "failed", outputs: [] });
    expect(await refused(readRun(again))).toEqual({
      code: "run_ended",
      run_id,
      status: "succeeded",
    });
  });

  it("cannot have made what it used", async () => {
    const { open, run_id } = await start();
    const answer = open().changeRun(run_id, { status: "succeeded", outputs: [nodeOf("dsv_a")] });
    expect(await refused(readRun(answer))).toMatchObject({ code: "lineage_cycle" });
    expect(await granted(readRun(open().findRun(run_id)))).toMatchObject({ status: "running" });
  });

  it("is listed newest first, by page, name, status and what it used", async () => {
    const { open, order, run_id } = await start({ name: "First Try" });
    const ids: string[] = [run_id];
    for (const status of ["failed", "running"] as const) {
      const record = runRecord(serialId("run"), { name: `${status} one`, status });
      await granted(
        readNewRun(open().putRun({ ...order, record, inputs: [], request_hash: status })),
      );
      ids.push(record.run_id);
    }
    const list = async (query: object) =>
      (
        (await open().listRuns({ limit: 10, ...query })) as { run_id: string; sequence: number }[]
      ).map((run) => run.run_id);
    expect(await list({})).toEqual(ids.toReversed());
    const [newest] = (await open().listRuns({ limit: 1 })) as { sequence: number }[];
    expect(await list({ before: newest?.sequence })).toEqual(ids.slice(0, 2).toReversed());
    expect(await list({ search: "first" })).toEqual([run_id]);
    expect(await list({ status: "failed" })).toEqual([ids[1]]);
    expect(await list({ node_id: "dsv_a" })).toEqual([run_id]);
    expect(await list({ node_id: "dsv_none" })).toEqual([]);
  });

  it("is deleted when nothing was made by it", async () => {
    const { open, run_id } = await start();
    await granted(readRun(open().changeRun(run_id, { outputs: [nodeOf("mdl_m@1")] })));
    const used = { code: "run_in_use", run_id, outputs: ["mdl_m@1"] };
    expect(await refused(open().removeRun(run_id))).toEqual(used);
    await open().removeModel("mdl_m", 1);
    await granted(open().removeRun(run_id));
    expect(await refused(open().removeRun(run_id))).toEqual({ code: "run_not_found", run_id });
    expect(await open().existing([run_id, "dsv_a"])).toEqual(["dsv_a"]);
  });
});

describe("the data of a model's version", () => {
  it("is in the place of what was named before, beside the runs that made it", async () => {
    const { open, put } = newLineage();
    await granted(put("run_r mdl_m@1"));
    const model = nodeOf("mdl_m@1", { label: "m@1" });
    const name = (...ids: string[]) =>
      granted(
        open().replaceSources(
          model,
          ids.map((id) => nodeOf(id)),
        ),
      );
    await name("dsv_a", "dsv_b");
    await evictDurableObject(open());
    await name("dsv_b", "dsv_c");
    await name("dsv_b", "dsv_c");
    const { incoming_edges } = await granted(read("node", open().node("mdl_m@1")));
    expect(incoming_edges.sort()).toEqual(["dsv_b", "dsv_c", "run_r"]);
    await granted(put("dsv_a mdl_m@12", "dsv_a mdl_mm@1"));
    await open().removeModel("mdl_m", 1);
    expect(await open().existing(["mdl_m@1", "mdl_m@12"])).toEqual(["mdl_m@12"]);
    await open().removeModel("mdl_m", null);
    expect(await open().existing(["mdl_m@1", "mdl_m@12", "mdl_mm@1"])).toEqual(["mdl_mm@1"]);
  });
});

const RUN = "3b452093-782c-4ef2-9c0c-aafe2aa6f34d";
type Told = Partial<{
  type: "START" | "COMPLETE" | "FAIL";
  at: number;
  inputs: string[];
  outputs: string[];
}>;

const event = ({
  type = "START",
  at = 1_000,
  inputs = [],
  outputs = [],
}: Told): OpenLineageEvent => {
  const dataset = (name: string) => {
    const [plain = "", datasetVersion] = name.split("@");
    const version = datasetVersion === undefined ? {} : { version: { datasetVersion } };
    const namespace = datasetVersion === undefined ? "db" : "linnet";
    return { namespace, name: plain, facets: version, useFacets: {} };
  };
  return {
    kind: "run",
    type,
    at,
    producer: "https://example.com",
    run_id: RUN,
    run_facets: {
      linnet_hyperparameters: { parameters: { depth: 3 } },
      linnet_evaluation: { metrics: { accuracy: at / 10_000, note: "none" } },
    },
    job: { namespace: "jobs", name: "train", facets: { sql: { query: `at ${at}` } } },
    inputs: inputs.map(dataset),
    outputs: outputs.map(dataset),
  };
};

describe("what OpenLineage tells", () => {
  it("is the same in any order and however often it comes", async () => {
    const told = [
      event({ type: "START", at: 1_000, inputs: ["accounts"] }),
      event({ type: "COMPLETE", at: 3_000, outputs: ["report"] }),
      event({ type: "START", at: 4_000 }),
    ];
    const known = async (events: OpenLineageEvent[]) => {
      const { open } = newLineage();
      for (const one of events) await open().record([one]);
      await evictDurableObject(open());
      const { updated_at: _, ...run } = await granted(readRun(open().findRun(runIdOf(RUN))));
      const { facets } = await granted(read("node", open().node("job:jobs/train")));
      return { run, facets };
    };
    const first = await known(told);
    expect(first.run).toMatchObject({
      name: "train",
      status: "succeeded",
      started_at: 1_000,
      ended_at: 3_000,
      parameters: { depth: 3 },
      metrics: { accuracy: 0.4 },
      job: { namespace: "jobs", name: "train" },
    });
    expect([idsOf(first.run.inputs), idsOf(first.run.outputs)]).toEqual([
      ["ds:db/accounts"],
      ["ds:db/report"],
    ]);
    expect(first.facets).toEqual({ sql: { query: "at 4000" } });
    expect(await known([...told, ...told.toReversed()])).toEqual(first);
  });

  it("of what Linnet holds is of that itself, by its number or its id", async () => {
    const { open } = newLineage();
    await granted(
      open().put(
        [
          nodeOf("dsv_w", { label: "wines@2" }),
          nodeOf("dsv_x", { label: "other@1" }),
          nodeOf("mdl_m@3", { label: "rater@3" }),
        ],
        [],
      ),
    );
    const uses = await open().record([
      event({ inputs: ["wines@2", "other@dsv_x", "wines@9"], outputs: ["models/rater@3"] }),
    ]);
    const run_id = runIdOf(RUN);
    expect(uses).toEqual([
      { run_id, version_id: "dsv_w" },
      { run_id, version_id: "dsv_x" },
    ]);
    const { inputs, outputs } = await granted(readRun(open().findRun(run_id)));
    expect(idsOf(inputs)).toEqual(["dsv_w", "dsv_x", "ds:linnet/wines@9"]);
    expect(idsOf(outputs)).toEqual(["mdl_m@3"]);
    const aliases = ["ds:linnet/wines@2", "ds:linnet/dsv_x", "ds:linnet/models/rater@3"];
    expect(await open().existing(aliases)).toEqual([]);
  });

  it("of a run of Linnet's own adds to it", async () => {
    const { open } = newLineage();
    const run_id = runIdOf(RUN);
    const record = runRecord(run_id, { name: "mine", parameters: { a: 1 }, started_at: 500 });
    const order = { record, request_hash: "a", inputs: [], outputs: [] };
    await granted(readNewRun(open().putRun(order)));
    await open().record([event({ type: "FAIL", at: 9_000 })]);
    const run = await granted(readRun(open().findRun(run_id)));
    expect(run).toMatchObject({ name: "mine", status: "failed", started_at: 500, ended_at: 9_000 });
    expect(await granted(readNewRun(open().putRun(order)))).toMatchObject({ created: false });
  });
});
