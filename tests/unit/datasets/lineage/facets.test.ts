import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../../domain/datasets/table.ts";
import type { LineageNode } from "../../../../domain/lineage/lineage-node.ts";
import { type Facets, readEvent } from "../../../../domain/lineage/openlineage/event.ts";
import { type Facts, factsOf } from "../../../../domain/lineage/openlineage/facts.ts";
import { runIdOf } from "../../../../domain/lineage/openlineage/run-uuid.ts";
import {
  type ToldChain,
  writeEvents,
} from "../../../../domain/lineage/openlineage/write-events.ts";

type Place = "run" | "job" | "dataset" | "inputFacets" | "outputFacets";
const FACETS = JSON.parse(
  readFileSync(new URL("../../vectors/datasets/openlineage/facets.json", import.meta.url), "utf8"),
) as Record<Place, Facets>;

const RUN = "9b1f6c52-3f0a-4c7e-8d25-5a4be0917c33";
const STEP = runIdOf(RUN);
const DB = "postgres://orchard.example:5432";
const COMMON = {
  eventTime: "2026-11-21T06:30:00Z",
  producer: "https://example.com/orchard/2.1",
  schemaURL: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
};
type Members = { [name: string]: Json };

/** A run that reads baskets and weighs them, with these facets. */
const runEvent = (facets: Partial<Record<Place, Facets>>) => ({
  ...COMMON,
  eventType: "COMPLETE",
  run: { runId: RUN, facets: facets.run ?? {} },
  job: { namespace: "orchard", name: "weigh", facets: facets.job ?? {} },
  inputs: [{ namespace: DB, name: "farm.baskets", inputFacets: facets.inputFacets ?? {} }],
  outputs: [
    {
      namespace: DB,
      name: "farm.weights",
      facets: facets.dataset ?? {},
      outputFacets: facets.outputFacets ?? {},
    },
  ],
});

const factsOfSent = (value: unknown): Facts => {
  const read = readEvent(JSON.parse(JSON.stringify(value)));
  if (!read.ok) throw new Error(`${read.error.pointer} ${read.error.detail}`);
  return factsOf(read.value);
};

/** What these facts say of the run, as the graph would hand it to the writer. */
function chainOf({ nodes, facets, edges }: Facts): ToldChain {
  const at = Date.parse(COMMON.eventTime);
  const told = (node: LineageNode) => ({
    ...node,
    facets: Object.fromEntries(
      facets
        .filter(({ node_id }) => node_id === node.node_id)
        .map(({ name, body }) => [name, JSON.parse(body) as Json]),
    ),
  });
  const data = nodes.filter(({ node_type }) => node_type === "external_dataset");
  const step = (node: LineageNode, run: ToldChain["steps"][number]["run"]) => ({
    node: told(node),
    run,
    inputs: data.filter((each) => joins(each.node_id, node.node_id)).map(told),
    outputs: data.filter((each) => joins(node.node_id, each.node_id)).map(told),
  });
  const joins = (from: string, to: string) =>
    edges.some((edge) => edge.from === from && edge.to === to);
  const run: LineageNode = {
    node_id: STEP,
    node_type: "run",
    label: "weigh",
    created_at: at,
    metadata: {},
  };
  const record = {
    status: "succeeded" as const,
    parameters: {},
    metrics: {},
    code_hash: null,
    started_at: null,
    ended_at: at,
    created_at: at,
    job: { namespace: "orchard", name: "weigh" },
  };
  const jobs = nodes.filter(({ node_id }) => node_id === "job:orchard/weigh");
  return {
    steps: [...jobs.slice(0, 1).map((job) => step(job, null)), step(run, record)],
    alone: [],
    truncated: false,
  };
}

const sentOn = (value: unknown): Members[] =>
  writeEvents(chainOf(factsOfSent(value)), { origin: "https://linnet.example" });

const cases = Object.entries(FACETS)
  .filter(([place]) => !place.startsWith("_"))
  .flatMap(([place, facets]) =>
    Object.entries(facets).map(([name, facet]) => ({ place: place as Place, name, facet })),
  );

/** Where an event has the facets of a place. */
const PLACES: Record<Place, (event: Members) => Json | undefined> = {
  run: ({ run }) => (run as Members)["facets"],
  job: ({ job }) => (job as Members)["facets"],
  dataset: ({ outputs }) => (outputs as Members[])[0]?.["facets"],
  inputFacets: ({ inputs }) =>
    (inputs as Members[]).find(({ name }) => name === "farm.baskets")?.["inputFacets"],
  outputFacets: ({ outputs }) => (outputs as Members[])[0]?.["outputFacets"],
};

describe("each facet of the specification", () => {
  it("is here, in each place where it has one", () => {
    expect(cases.length).toBe(42);
    expect(new Set(cases.map(({ facet }) => facet["_schemaURL"])).size).toBe(42);
  });

  it.each(cases)("comes out as it went in: $name of $place", ({ place, name, facet }) => {
    const events = sentOn(runEvent({ [place]: { [name]: facet } }));
    expect(events.map(({ eventType }) => eventType)).toEqual(["COMPLETE"]);
    for (const event of events) expect(PLACES[place](event)).toEqual({ [name]: facet });
  });

  it("comes out with all the others, and once more from there", () => {
    const [first, ...others] = sentOn(runEvent(FACETS));
    expect(others).toEqual([]);
    for (const place of Object.keys(PLACES) as Place[])
      expect(PLACES[place](first ?? {}), place).toEqual(FACETS[place]);
    expect(sentOn(first)).toEqual([first]);
  });

  it("of data is taken from an event of the data alone", () => {
    const dataset = { namespace: DB, name: "farm.weights", facets: FACETS.dataset };
    const { nodes, facets } = factsOfSent({ ...COMMON, dataset });
    const told = new Map(facets.map(({ name, body }) => [name, JSON.parse(body) as Json]));
    expect(nodes[0]?.label).toBe("farm.weights");
    expect(Object.fromEntries(told)).toEqual(FACETS.dataset);
  });

  it("is given what every facet must have, where it came without", () => {
    const [event] = sentOn(runEvent({ run: { orchard_mood: { mood: "fine" } } }));
    expect(PLACES.run(event ?? {})).toEqual({
      orchard_mood: {
        _producer: "https://linnet.example",
        _schemaURL: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunFacet",
        mood: "fine",
      },
    });
  });
});

describe("facets of lineage", () => {
  const edgesOf = (value: unknown) => {
    const short = (id: string) => id.replace(/^ds:.*\//, "").replace(/^run_.*/, "this run");
    const { edges } = factsOfSent(value);
    return edges.map(({ from, to }) => `${short(from)} → ${short(to)}`).sort();
  };
  const base = [
    "farm.baskets → this run",
    "job:orchard/weigh → this run",
    "this run → farm.weights",
  ];
  const { lineage: ofJob = {} } = FACETS.job;
  const { lineage: ofData = {} } = FACETS.dataset;

  it("of a job state what each of its data comes from, and what the run itself has used", () => {
    expect(edgesOf(runEvent({ job: { lineage: ofJob } }))).toEqual(
      [
        ...base,
        "farm.baskets → farm.weights",
        "farm.scales → farm.weights",
        "farm.rules → this run",
      ].sort(),
    );
  });

  it("of a job's own event are about the job", () => {
    const { run: _, eventType: __, ...event } = runEvent({ job: { lineage: ofJob } });
    expect(edgesOf(event)).toContain("farm.rules → job:orchard/weigh");
  });

  it("of data state what it comes from, data or jobs", () => {
    const dataset = { namespace: DB, name: "farm.baskets", facets: { lineage: ofData } };
    expect(edgesOf({ ...COMMON, dataset })).toEqual([
      "farm.grafts → farm.baskets",
      "farm.trees → farm.baskets",
      "job:orchard/shake → farm.baskets",
    ]);
  });

  it("name a run of another job", () => {
    const other = "7f3e9a10-52c4-4b8d-8e21-6d0b9f4c1a35";
    const inputs = [{ type: "JOB", namespace: "orchard", name: "pick", runId: other }];
    const { edges } = factsOfSent({
      ...COMMON,
      dataset: { namespace: DB, name: "farm.baskets", facets: { lineage: { inputs } } },
    });
    expect(edges).toEqual([
      { from: "job:orchard/pick", to: runIdOf(other) },
      { from: runIdOf(other), to: "ds:postgres:%2F%2Forchard.example:5432/farm.baskets" },
    ]);
  });

  it("mean the version that the event names", () => {
    const version = { datasetVersion: "3" };
    const lineage = { inputs: [{ type: "DATASET", namespace: "linnet", name: "apples" }] };
    const inputs = [{ namespace: "linnet", name: "apples", facets: { version } }];
    const outputs = [{ namespace: DB, name: "farm.weights", facets: { lineage } }];
    expect(edgesOf({ ...runEvent({}), inputs, outputs })).toContain("apples@3 → farm.weights");
  });

  it("state nothing of a field that comes from its own data, and each edge once", () => {
    const self = { type: "DATASET", namespace: DB, name: "farm.weights" };
    const trees = { ...self, name: "farm.trees" };
    const lineage = { inputs: [self, trees], fields: { a: { inputs: [trees, self] } } };
    expect(edgesOf(runEvent({ dataset: { lineage } }))).toEqual(
      [...base, "farm.trees → farm.weights"].sort(),
    );
  });

  it.each([
    { inputs: "farm.trees" },
    { inputs: [null, 7, [], {}, { type: "DATASET" }, { type: "DATASET", namespace: DB }] },
    { inputs: [{ type: "TABLE", namespace: DB, name: "farm.trees" }] },
    { inputs: [{ type: "JOB", namespace: "orchard" }] },
    { inputs: [{ type: "DATASET", namespace: DB, name: "\ud800" }] },
    { fields: { a: null, b: { inputs: {} } } },
    { _deleted: true, inputs: [{ type: "DATASET", namespace: DB, name: "farm.trees" }] },
  ])("state nothing where they are not what the specification has: %j", (lineage) => {
    expect(edgesOf(runEvent({ dataset: { lineage } }))).toEqual(base);
    expect(edgesOf(runEvent({ job: { lineage: { entries: [lineage, lineage] } } }))).toEqual(base);
  });

  it("name a job by both its namespace and its name, or mean the event's own", () => {
    const inputs = [{ type: "DATASET", namespace: DB, name: "farm.rules" }];
    const entries = [
      { type: "JOB", namespace: "orchard", inputs },
      { type: "JOB", name: "weigh", inputs },
    ];
    expect(edgesOf(runEvent({ job: { lineage: { entries } } }))).toEqual(base);
  });

  it("may state 5,000 inputs in one event, and no more", () => {
    const inputsOf = (most: number) => ({
      lineage: {
        inputs: Array.from({ length: most }, (_, at) => ({
          type: "DATASET",
          namespace: DB,
          name: `t${at}`,
        })),
      },
    });
    expect(edgesOf(runEvent({ dataset: inputsOf(5_000) })).length).toBe(5_003);
    const read = readEvent(runEvent({ dataset: inputsOf(5_001) }));
    expect(read.ok ? null : read.error.detail).toContain("at most 5000 inputs");
  });
});
