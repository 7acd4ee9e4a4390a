import { describe, expect, it } from "vitest";
import { encodeId } from "../../../../domain/ids.ts";
import { type OpenLineageEvent, readEvent } from "../../../../domain/lineage/openlineage/event.ts";
import { factsOf } from "../../../../domain/lineage/openlineage/facts.ts";
import { mergeRun, type ObservedRun } from "../../../../domain/lineage/openlineage/merge-run.ts";
import { runIdOf, uuidOf } from "../../../../domain/lineage/openlineage/run-uuid.ts";
import {
  type ToldChain,
  writeEvents,
} from "../../../../domain/lineage/openlineage/write-events.ts";
import { EVENT_TYPES } from "../../../../domain/lineage/openlineage/event.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";

const RUN = "3b452093-782c-4ef2-9c0c-aafe2aa6f34d";
const COMMON = { eventTime: "2026-11-21T09:30:00.123Z", producer: "https://example.com/p" };
const JOB = { namespace: "jobs", name: "train.fit" };
const FACET = { _producer: "https://example.com/p", _schemaURL: "https://example.com/f.json" };

const runEvent = (changes: object = {}) => ({
  ...COMMON,
  schemaURL: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
  eventType: "COMPLETE",
  run: {
    runId: RUN,
    facets: {
      nominalTime: { ...FACET, nominalStartTime: "2026-11-21T09:00:00Z" },
      acme_gpu: { ...FACET, kind: "a100" },
    },
  },
  job: { ...JOB, facets: { sql: { ...FACET, query: "SELECT 1" } } },
  inputs: [
    {
      namespace: "s3://bucket",
      name: "raw/a.csv",
      facets: { schema: { ...FACET, fields: [{ name: "x", type: "INT" }] } },
      inputFacets: { dataQualityMetrics: { ...FACET, rowCount: 3 } },
    },
  ],
  outputs: [
    {
      namespace: "linnet",
      name: "wines",
      facets: { version: { ...FACET, datasetVersion: "2" } },
      outputFacets: { outputStatistics: { ...FACET, rowCount: 2 } },
    },
  ],
  ...changes,
});

const accepted = (value: unknown): OpenLineageEvent => {
  const read = readEvent(value);
  if (!read.ok) throw new Error(`${read.error.pointer} ${read.error.detail}`);
  return read.value;
};
const nested = (levels: number): unknown =>
  JSON.parse('{"a":'.repeat(levels) + "1" + "}".repeat(levels));
const refusedAt = (value: unknown) => {
  const read = readEvent(value);
  return read.ok ? "accepted" : read.error.pointer;
};

describe("an event", () => {
  it("of a run, a job or a dataset is told by what it has", () => {
    const { run: _, eventType: __, ...jobEvent } = runEvent();
    expect(accepted(runEvent())).toMatchObject({ kind: "run", type: "COMPLETE", run_id: RUN });
    expect(accepted(jobEvent)).toMatchObject({ kind: "job", job: { name: "train.fit" } });
    const dataset = { namespace: "db", name: "t", facets: {} };
    expect(accepted({ ...COMMON, dataset })).toMatchObject({ kind: "dataset", dataset });
  });

  it("may leave out what the specification does not require", () => {
    const bare = { ...COMMON, run: { runId: RUN.toUpperCase() }, job: JOB };
    expect(accepted(bare)).toEqual({
      kind: "run",
      type: "OTHER",
      run_id: RUN,
      run_facets: {},
      job: { ...JOB, facets: {} },
      inputs: [],
      outputs: [],
      at: Date.parse(COMMON.eventTime),
      producer: COMMON.producer,
    });
    expect(accepted({ ...bare, inputs: null, outputs: null })).toEqual(accepted(bare));
  });

  it.each([
    ["2026-11-21T09:30:00Z", Date.UTC(2026, 10, 21, 9, 30)],
    ["2026-11-21T09:30:00.123456789+05:30", Date.UTC(2026, 10, 21, 4, 0, 0, 123)],
    ["2026-11-21t09:30:00.5z", Date.UTC(2026, 10, 21, 9, 30, 0, 500)],
  ])("is of the time %s", (eventTime, at) => {
    expect(accepted(runEvent({ eventTime })).at).toBe(at);
  });

  it.each([
    ["#", null],
    ["#", []],
    ["#", "START"],
    ["#", COMMON],
    ["#/eventTime", runEvent({ eventTime: "yesterday" })],
    ["#/eventTime", runEvent({ eventTime: 1_700_000_000 })],
    ["#/eventTime", runEvent({ eventTime: "2026-13-21T09:30:00Z" })],
    ["#/eventTime", runEvent({ eventTime: "2026-11-21T09:30:00" })],
    ["#/producer", runEvent({ producer: undefined })],
    ["#/eventType", runEvent({ eventType: "DONE" })],
    ["#/eventType", runEvent({ eventType: "constructor" })],
    ["#/run", runEvent({ run: null })],
    ["#/run/runId", runEvent({ run: {} })],
    ["#/run/runId", runEvent({ run: { runId: 17 } })],
    ["#/run/runId", runEvent({ run: { runId: "" } })],
    ["#/run/facets", runEvent({ run: { runId: RUN, facets: [] } })],
    ["#/run/facets/a", runEvent({ run: { runId: RUN, facets: { a: "b" } } })],
    ["#/job", runEvent({ job: undefined })],
    ["#/job/name", runEvent({ job: { namespace: "jobs" } })],
    ["#/job/namespace", runEvent({ job: { namespace: "", name: "x" } })],
    ["#/inputs", runEvent({ inputs: {} })],
    ["#/inputs/1/namespace", runEvent({ inputs: [{ namespace: "a", name: "b" }, { name: "b" }] })],
    ["#/outputs/0/name", runEvent({ outputs: [{ namespace: "a", name: "x".repeat(3_000) }] })],
    ["#/outputs", runEvent({ outputs: Array.from({ length: 1_001 }, () => ({})) })],
    ["#/outputs/0/name", runEvent({ outputs: [{ namespace: "a", name: "\ud800" }] })],
    ["#", runEvent({ run: { runId: RUN, facets: { a: nested(199) } } })],
    ["#", runEvent({ job: { ...JOB, name: nested(10_000) } })],
    [
      "#/inputs/0/inputFacets/a",
      runEvent({ inputs: [{ namespace: "a", name: "b", inputFacets: { a: 1 } }] }),
    ],
  ])("that is not right is refused at %s", (pointer, value) => {
    expect(refusedAt(value)).toBe(pointer);
  });

  it("is refused with what was expected and what was found", () => {
    const read = readEvent(runEvent({ eventType: "x".repeat(500) }));
    if (read.ok) throw new Error("it is not right");
    expect(read.error.detail).toMatch(/^expected one of START, RUNNING, .* found "x{79}…$/);
  });
});

describe("the facts of an event", () => {
  it("of a run are its job, what went in and what came out, and every facet", () => {
    const { nodes, edges, facets, own, run } = factsOf(accepted(runEvent()));
    const step = runIdOf(RUN);
    expect(nodes.map(({ node_id }) => node_id)).toEqual([
      "job:jobs/train.fit",
      "ds:s3:%2F%2Fbucket/raw/a.csv",
      "ds:linnet/wines@2",
    ]);
    expect(edges).toEqual([
      { from: "job:jobs/train.fit", to: step },
      { from: "ds:s3:%2F%2Fbucket/raw/a.csv", to: step },
      { from: step, to: "ds:linnet/wines@2" },
    ]);
    expect(facets.map(({ node_id, name }) => `${node_id} ${name}`)).toEqual([
      "job:jobs/train.fit sql",
      `${step} nominalTime`,
      `${step} acme_gpu`,
      "ds:s3:%2F%2Fbucket/raw/a.csv schema",
      "ds:s3:%2F%2Fbucket/raw/a.csv input/dataQualityMetrics",
      "ds:linnet/wines@2 version",
      "ds:linnet/wines@2 output/outputStatistics",
    ]);
    expect([...own]).toEqual([
      ["ds:linnet/wines@2", { kind: "dataset_version", label: "wines@2" }],
    ]);
    expect(run).toMatchObject({ run_id: step, name: "train.fit", type: "COMPLETE" });
  });

  it("of a job are edges through it", () => {
    const { run: _, ...jobEvent } = runEvent();
    const { edges, run } = factsOf(accepted(jobEvent));
    expect(run).toBeNull();
    expect(edges.map(({ from, to }) => [from.slice(0, 4), to.slice(0, 4)])).toEqual([
      ["ds:s", "job:"],
      ["job:", "ds:l"],
    ]);
  });

  it.each([
    [{ namespace: "linnet", name: "wines" }, 4, { kind: "dataset_version", label: "wines@4" }],
    [{ namespace: "linnet", name: "wines" }, "dsv_1", { kind: "dataset_version", id: "dsv_1" }],
    [{ namespace: "linnet", name: "dsv_1" }, null, { kind: "dataset_version", id: "dsv_1" }],
    [{ namespace: "linnet", name: "models/m" }, "3", { kind: "model_version", label: "m@3" }],
    [{ namespace: "linnet", name: "wines" }, null, undefined],
    [{ namespace: "elsewhere", name: "wines" }, "4", undefined],
  ])("name what Linnet holds: %j of version %s", (named, datasetVersion, expected) => {
    const facets = datasetVersion === null ? {} : { version: { ...FACET, datasetVersion } };
    const { own } = factsOf(accepted({ ...COMMON, dataset: { ...named, facets } }));
    expect([...own.values()][0]).toEqual(expected);
  });

  it("keep namespaces and names apart that run into each other", () => {
    const idOf = (namespace: string, name: string) =>
      factsOf(accepted({ ...COMMON, dataset: { namespace, name } })).nodes[0]?.node_id;
    const ids = [idOf("a/b", "c"), idOf("a", "b/c"), idOf("a%2Fb", "c")];
    expect(new Set(ids).size).toBe(3);
  });

  it("take a version that is no text as none", () => {
    const version = { ...FACET, datasetVersion: "\ud800" };
    const data = { namespace: "linnet", name: "bearings", facets: { version } };
    const { nodes, own } = factsOf(accepted({ ...COMMON, dataset: data }));
    expect(nodes[0]?.node_id).toBe("ds:linnet/bearings");
    expect(own.size).toBe(0);
  });

  it("say of a facet that is too large that it was left out", () => {
    const huge = { sourceCode: { ...FACET, source: "x".repeat(100_000) } };
    const { facets } = factsOf(accepted(runEvent({ job: { ...JOB, facets: huge } })));
    expect(facets[0]?.body).toMatch(/^\{"_left_out":"100\d+ characters, and at most 65536"\}$/);
  });
});

describe("the state of a run", () => {
  const after = (events: readonly { type: (typeof EVENT_TYPES)[number]; at: number }[]) =>
    events.reduce<ObservedRun | null>(
      (run, { type, at }) =>
        mergeRun(run, { run_id: "", name: "", job: JOB, producer: "", type, at }),
      null,
    );

  it.each([
    [
      "running when it has begun",
      ["START 5"],
      { status: "running", started_at: 5, ended_at: null },
    ],
    [
      "its end",
      ["START 5", "RUNNING 6", "COMPLETE 9"],
      { status: "succeeded", started_at: 5, ended_at: 9 },
    ],
    [
      "its end, whatever comes later",
      ["FAIL 5", "START 6", "OTHER 9"],
      { status: "failed", started_at: 6, ended_at: 5 },
    ],
    ["the later of two ends of a kind", ["FAIL 5", "FAIL 7"], { status: "failed", ended_at: 7 }],
    ["the graver of two ends", ["FAIL 5", "COMPLETE 7"], { status: "failed", ended_at: 5 }],
    ["the graver of two ends", ["COMPLETE 5", "ABORT 5"], { status: "aborted", ended_at: 5 }],
    [
      "an end that nothing began",
      ["ABORT 5"],
      { status: "aborted", started_at: null, ended_at: 5 },
    ],
    [
      "no state of its own where it is only told of",
      ["OTHER 5"],
      { status: "created", created_at: 5 },
    ],
  ] as const)("is %s", (_, told, expected) => {
    const events = told.map((each) => {
      const [type, at] = each.split(" ");
      return { type: type as (typeof EVENT_TYPES)[number], at: Number(at) };
    });
    expect(after(events)).toMatchObject(expected);
  });

  it("is the same in any order, and however often events come", () => {
    const random = seededRandom("runs");
    for (let trial = 0; trial < 300; trial++) {
      const events = Array.from({ length: 1 + random.integer(6) }, () => ({
        type: EVENT_TYPES[random.integer(EVENT_TYPES.length)] ?? "OTHER",
        at: random.integer(4),
      }));
      const shuffled = [...events, ...events]
        .map((event) => ({ event, key: random.uniform() }))
        .sort((a, b) => a.key - b.key)
        .map(({ event }) => event);
      expect(after(shuffled), JSON.stringify(events)).toEqual(after(events));
    }
  });
});

describe("the id of a run", () => {
  it("that is no UUID stands for one, another for each job and name", () => {
    const uuidFor = (job: string, runId: string): string => {
      const read = readEvent(runEvent({ run: { runId }, job: { namespace: "jobs", name: job } }));
      return read.ok && read.value.kind === "run" ? read.value.run_id : "";
    };
    const uuids = ["a", "b"].flatMap((job) => ["17", "18", "é"].map((run) => uuidFor(job, run)));
    expect(new Set(uuids).size).toBe(6);
    expect(uuidFor("a", "17")).toBe(uuids[0]);
    for (const uuid of uuids)
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("and its UUID are the same 128 bits", () => {
    expect(uuidOf(runIdOf(RUN))).toBe(RUN);
    const random = seededRandom("uuid");
    for (let trial = 0; trial < 200; trial++) {
      const bytes = Uint8Array.from({ length: 16 }, () => random.integer(256));
      const id = `run_${encodeId(bytes)}`;
      const uuid = uuidOf(id);
      expect(uuid.replaceAll("-", "")).toBe(
        [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
      );
      expect(runIdOf(uuid)).toBe(id);
    }
    expect(uuidOf("run_00000000000000000000000000")).toBe("00000000-0000-0000-0000-000000000000");
  });
});

describe("what is told of a chain", () => {
  const context = { origin: "https://linnet.example" };
  const at = Date.UTC(2026, 10, 21);
  const node = (node_id: string, node_type: "dataset_version", label: string, metadata = {}) => ({
    node_id,
    node_type,
    label,
    created_at: at,
    metadata,
    facets: {},
  });
  const schema = [{ name: "x", type: "float32" }];
  const raw = node("dsv_1", "dataset_version", "wines@1", { row_count: 9, size_bytes: 99, schema });
  const part = node("dsv_2", "dataset_version", "train@1", { row_count: 4, schema });
  const step = (id: string, type: string) => ({
    ...node(id, "dataset_version", type, { transformation_type: type, code_hash: "c0de" }),
    node_type: "transformation" as const,
  });
  const model = {
    ...node("mdl_1@3", "dataset_version", "rater@3"),
    node_type: "model_version" as const,
  };
  const run = {
    ...node(runIdOf(RUN), "dataset_version", "fit"),
    node_type: "run" as const,
    facets: { acme_gpu: { ...FACET, kind: "a100" }, gone: { ...FACET, _deleted: true } },
  };
  const record = {
    status: "succeeded" as const,
    parameters: { depth: 3 },
    metrics: { accuracy: 0.9 },
    code_hash: "abc",
    started_at: at,
    ended_at: at + 1_000,
    created_at: at,
    job: null,
  };
  const chain: ToldChain = {
    steps: [
      {
        node: step("trn_00000000000000000000000001", "split"),
        run: null,
        inputs: [raw],
        outputs: [part],
      },
      { node: run, run: record, inputs: [part], outputs: [model] },
    ],
    alone: [],
    truncated: false,
  };

  it("are events in order, each of which can be read again", () => {
    const events = writeEvents(chain, context);
    expect(events.map(({ eventType, eventTime }) => [eventType, eventTime])).toEqual([
      ["COMPLETE", "2026-11-21T00:00:00.000Z"],
      ["START", "2026-11-21T00:00:00.000Z"],
      ["COMPLETE", "2026-11-21T00:00:01.000Z"],
    ]);
    for (const event of events) {
      const { edges, own } = factsOf(accepted(JSON.parse(JSON.stringify(event))));
      expect(edges.length).toBe(3);
      expect(own.size).toBe(2);
    }
    const { run: observed } = factsOf(accepted(events[2]));
    expect(observed?.run_id).toBe(run.node_id);
  });

  it("say what data is, how it was split, and what a training was set to and came to", () => {
    const [split, , fit] = writeEvents(chain, context) as Record<string, unknown>[];
    const own = { _producer: "https://linnet.example" };
    expect(split).toMatchObject({
      job: { namespace: "linnet", name: "transformations/split" },
      run: {
        runId: "00000000-0000-0000-0000-000000000001",
        facets: { linnet_transformation: { ...own, transformation_type: "split" } },
      },
      inputs: [
        {
          namespace: "linnet",
          name: "wines",
          facets: { version: { datasetVersion: "dsv_1" }, schema: { fields: schema } },
        },
      ],
      outputs: [
        {
          name: "train",
          facets: {
            columnLineage: {
              fields: {
                x: { inputFields: [{ namespace: "linnet", name: "wines", field: "x" }] },
              },
            },
          },
          outputFacets: { outputStatistics: { rowCount: 4 } },
        },
      ],
    });
    expect(fit).toMatchObject({
      run: {
        runId: RUN,
        facets: {
          acme_gpu: { kind: "a100" },
          linnet_hyperparameters: {
            _schemaURL:
              "https://linnet.example/openapi.json#/components/schemas/LinnetHyperparametersRunFacet",
            parameters: { depth: 3 },
          },
          linnet_evaluation: { metrics: { accuracy: 0.9 } },
          linnet_code: { code_hash: "abc" },
        },
      },
      outputs: [
        {
          namespace: "linnet",
          name: "models/rater",
          facets: {
            version: { datasetVersion: "3" },
            linnet_model: { model: "rater", version: 3 },
          },
        },
      ],
    });
    expect(JSON.stringify(fit)).not.toContain("gone");
  });

  it("is no column lineage where columns are made anew", () => {
    const [first] = chain.steps;
    if (!first) throw new Error("the chain has steps");
    const mapped = { ...first, node: step("trn_00000000000000000000000001", "aggregate") };
    const events = writeEvents({ ...chain, steps: [mapped] }, context);
    expect(JSON.stringify(events)).not.toContain("columnLineage");
  });

  it("is of data alone where nothing made it", () => {
    const events = writeEvents({ steps: [], alone: [raw], truncated: false }, context);
    expect(events).toMatchObject([{ dataset: { namespace: "linnet", name: "wines" } }]);
    expect(accepted(events[0])).toMatchObject({ kind: "dataset" });
  });
});
