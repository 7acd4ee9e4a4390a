import { describe, expect, it } from "vitest";
import type { CyclesView, LineageNodeView } from "../../../contract/lineage.ts";
import type { OpenLineageAnswer, OpenLineageEvents } from "../../../contract/openlineage.ts";
import type { RunView } from "../../../contract/run.ts";
import { runIdOf } from "../../../domain/lineage/openlineage/run-uuid.ts";
import { newKey, ORIGIN, refused, succeeds } from "../support/platform.ts";

/** Events of our own making, of the kinds that Spark, Airflow, dbt and other clients send. */
const SPARK = "https://example.com/press/spark/1.25.0";
const HDFS = "hdfs://orchard";
const facet = (name: string, members: object = {}) => ({
  _producer: SPARK,
  _schemaURL: `https://openlineage.io/spec/facets/1-0-0/${name}.json#/$defs/${name}`,
  ...members,
});
const table = (name: string, facets: object = {}) => ({ namespace: HDFS, name, facets });
const runEvent = (eventType: string, time: string, more: object = {}) => ({
  eventTime: `2026-11-21T${time}Z`,
  eventType,
  producer: SPARK,
  schemaURL: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
  run: { runId: "019a977d-fdf5-7b15-a63b-789ed125ae5d", facets: {} },
  job: { namespace: "press", name: "squeeze.insert", facets: {} },
  inputs: [],
  outputs: [],
  ...more,
});
const RUN = runIdOf("019a977d-fdf5-7b15-a63b-789ed125ae5d");

async function newTeller() {
  const { key } = await newKey();
  return {
    key,
    tell: (json: unknown) =>
      succeeds<OpenLineageAnswer>(200, "POST /api/v1/lineage", { key, json }),
    node: (id: string) =>
      succeeds<LineageNodeView>(200, `GET /v1/lineage/${encodeURIComponent(id)}`, { key }),
    run: () => succeeds<RunView>(200, `GET /v1/runs/${RUN}`, { key }),
    told: async (id: string) => {
      const path = `/v1/lineage/openlineage?node=${encodeURIComponent(id)}`;
      return (await succeeds<OpenLineageEvents>(200, `GET ${path}`, { key })).events;
    },
  };
}

describe("events as Spark sends them", () => {
  const job = {
    namespace: "press",
    name: "squeeze.insert",
    facets: {
      jobType: facet("JobTypeJobFacet", { processingType: "BATCH", integration: "SPARK" }),
    },
  };
  const plan = { "spark.logicalPlan": facet("RunFacet", { plan: [{ "num-children": 0 }] }) };
  const run = { runId: "019a977d-fdf5-7b15-a63b-789ed125ae5d", facets: plan };
  const query = { job, run, inputs: [table("/raw")], outputs: [table("/juice")] };

  it("are of a run that failed, though it is told to be complete after that", async () => {
    const { tell, run: read } = await newTeller();
    await tell([
      runEvent("START", "08:00:00.18", query),
      runEvent("RUNNING", "08:00:00.704", query),
      runEvent("FAIL", "08:00:01.731", query),
      runEvent("COMPLETE", "08:00:01.787", query),
    ]);
    expect(await read()).toMatchObject({
      status: "failed",
      started_at: "2026-11-21T08:00:00.180Z",
      ended_at: "2026-11-21T08:00:01.731Z",
    });
  });

  it("come out with what they say of the job beside the run", async () => {
    const { tell, told } = await newTeller();
    await tell([runEvent("START", "08:00:00", query), runEvent("COMPLETE", "08:00:01", query)]);
    const events = await told(RUN);
    expect(events.map(({ eventType }) => eventType)).toEqual(["START", "COMPLETE"]);
    for (const event of events) expect(event).toMatchObject({ job, run });
  });

  it("may write what they read, and come out all the same", async () => {
    const { key, tell, told } = await newTeller();
    const more = { inputs: [table("/juice")], outputs: [table("/juice")] };
    await tell([
      runEvent("COMPLETE", "08:00:01", { ...query, run: { runId: crypto.randomUUID() } }),
      runEvent("COMPLETE", "08:00:02", more),
    ]);
    const { cycles } = await succeeds<CyclesView>(200, "GET /v1/lineage/cycles", { key });
    expect(cycles).toHaveLength(1);
    await refused("lineage_cycle", `GET /v1/lineage/${RUN}/chain`, { key });
    const events = await told(RUN);
    expect(events.map(({ eventTime, inputs }) => [eventTime, inputs?.[0]?.name])).toEqual([
      ["2026-11-21T08:00:01.000Z", "/raw"],
      ["2026-11-21T08:00:02.000Z", "/juice"],
    ]);
  });

  it("may have facets without what every facet must have, which they are given", async () => {
    const { tell, told } = await newTeller();
    const debug = { logs: ["too large to be shown"] };
    await tell(runEvent("COMPLETE", "08:00:01", { run: { ...run, facets: { debug } } }));
    const [event] = await told(RUN);
    expect(event?.run?.facets).toEqual({
      debug: {
        _producer: ORIGIN,
        _schemaURL: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunFacet",
        ...debug,
      },
    });
  });
});

describe("events of other clients", () => {
  it("may leave out what is empty, name anything and tell the time of anywhere", async () => {
    const { tell, node, run } = await newTeller();
    const { schemaURL: _, eventType: __, ...event } = runEvent("OTHER", "10:00:00");
    const job = { namespace: "jobs/of\nall", name: "squeeze🍏.insert" };
    const eventTime = "2026-11-21T19:00:00.123456789+09:00";
    await tell({ ...event, eventTime, job, inputs: null, outputs: null });
    expect(await run()).toMatchObject({
      status: "created",
      created_at: "2026-11-21T10:00:00.123Z",
    });
    expect(await node("job:jobs%2Fof\nall/squeeze🍏.insert")).toMatchObject({ metadata: job });
  });

  it("of jobs and of data alone are as good", async () => {
    const { tell, node } = await newTeller();
    const { run: _, eventType: __, ...event } = runEvent("OTHER", "10:00:00");
    const sql = facet("SQLJobFacet", { query: "SELECT 1" });
    const schema = facet("SchemaDatasetFacet", { fields: [{ name: "kind" }] });
    const { job: ___, inputs: ____, outputs: _____, ...bare } = event;
    await tell([
      { ...event, job: { ...event.job, facets: { sql } }, outputs: [table("/juice")] },
      { ...bare, dataset: table("/juice", { schema }) },
    ]);
    expect(await node("job:press/squeeze.insert")).toMatchObject({
      facets: { sql },
      outgoing_edges: ["ds:hdfs:%2F%2Forchard//juice"],
    });
    expect(await node("ds:hdfs:%2F%2Forchard//juice")).toMatchObject({ facets: { schema } });
  });

  it("may state what data comes from in facets of lineage", async () => {
    const { tell, node } = await newTeller();
    const source = (name: string) => ({ type: "DATASET", namespace: HDFS, name });
    const lineage = facet("LineageFacet", { inputs: [source("/trees")] });
    const { run: _, job: __, inputs: ___, outputs: ____, ...bare } = runEvent("OTHER", "10:00:00");
    await tell({ ...bare, dataset: table("/raw", { lineage }) });
    expect(await node("ds:hdfs:%2F%2Forchard//trees")).toMatchObject({
      node_type: "external_dataset",
      label: "/trees",
      outgoing_edges: ["ds:hdfs:%2F%2Forchard//raw"],
    });
  });

  it("come in elsewhere as they came out here", async () => {
    const [here, there] = [await newTeller(), await newTeller()];
    const parent = facet("ParentRunFacet", { run: { runId: crypto.randomUUID() } });
    const rows = facet("OutputStatisticsOutputDatasetFacet", { rowCount: 5 });
    const more = {
      run: { runId: "019a977d-fdf5-7b15-a63b-789ed125ae5d", facets: { parent } },
      inputs: [{ ...table("/raw"), inputFacets: { inputStatistics: rows } }],
      outputs: [{ ...table("/juice"), outputFacets: { outputStatistics: rows } }],
    };
    await here.tell([runEvent("START", "08:00:00", more), runEvent("COMPLETE", "08:01:00", more)]);
    const told = await here.told(RUN);
    await there.tell(told);
    expect(await there.told(RUN)).toEqual(told);
  });

  it("are refused for a run without a name and a time of no zone, as the specification has it", async () => {
    const { key } = await newTeller();
    const run = { runId: "", facets: {} };
    const faulty = [
      ["#/run/runId", runEvent("START", "08:00:00", { run })],
      ["#/eventTime", { ...runEvent("START", "08:00:00"), eventTime: "2026-11-21T08:00:00.5" }],
    ] as const;
    for (const [pointer, json] of faulty) {
      const { body } = await refused("openlineage_invalid", "POST /api/v1/lineage", { key, json });
      expect(body.errors).toMatchObject([{ pointer }]);
    }
    const { body } = await refused("invalid_request", "POST /api/v1/lineage", { key, json: {} });
    expect(body.detail).toContain("expected an event with eventTime and producer, or a list");
  });
});
