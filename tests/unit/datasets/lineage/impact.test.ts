import { describe, expect, it } from "vitest";
import { type Carrier, carriesEveryRow, impactOf } from "../../../../domain/lineage/impact.ts";
import { nodeKind } from "../../../../domain/lineage/node-kind.ts";
import {
  byNode,
  EVERYTHING,
  type Link,
  neighboursIn,
  reach,
} from "../../../../domain/lineage/reach.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { distances, randomDag } from "./random-graph.ts";

const node = (kind: Carrier["kind"], transformation_type?: string): Carrier => ({
  kind,
  metadata: transformation_type === undefined ? {} : { transformation_type },
});

describe("whether every row has its part in what comes next", () => {
  const data = node("dataset_version");
  const cases: [what: string, from: Carrier, to: Carrier, carried: boolean][] = [
    ["a run has all of the data that it names", data, node("run"), true],
    ["so has a model", data, node("model_version"), true],
    ["and an experiment what its models had", node("model_version"), node("experiment"), true],
    ["a run made a model of all it had", node("run"), node("model_version"), true],
    ["a map leaves no row out", data, node("transformation", "map"), true],
    ["nor does normalisation", node("transformation", "normalization"), data, true],
    ["a filter may", data, node("transformation", "filter"), false],
    ["so may a split", node("transformation", "split"), data, false],
    ["a join", data, node("transformation", "join"), false],
    ["and one that nobody knows", data, node("transformation"), false],
    ["a version that followed another may lack any row", data, data, false],
    ["data that a run wrote may be of anything", node("run"), data, false],
  ];
  it.each(cases)("%s", (_, from, to, carried) => {
    expect(carriesEveryRow(from, to)).toBe(carried);
  });
});

describe("impact", () => {
  it("is told with the shortest way, and is certain if any way keeps every row", () => {
    const links: Link<string>[] = [
      ["raw", "filter"],
      ["filter", "few"],
      ["few", "model"],
      ["raw", "map"],
      ["map", "all"],
      ["all", "copy"],
      ["copy", "model"],
    ];
    const reached = reach(["raw"], neighboursIn(byNode(links)), EVERYTHING);
    const affected = [...impactOf(["raw"], reached, (from) => from !== "filter")];
    const model = affected.find(({ id }) => id === "model");
    expect(model).toEqual({ id: "model", way: ["raw", "filter", "few", "model"], certain: true });
    const few = affected.find(({ id }) => id === "few");
    expect(few).toMatchObject({ certain: false });
    expect(affected.map(({ id }) => id)).not.toContain("raw");
    const models = impactOf(
      ["raw"],
      reached,
      () => true,
      (id) => id === "model",
    );
    expect([...models].map(({ id }) => id)).toEqual(["model"]);
  });

  it.each(Array.from({ length: 20 }, (_, at) => `impact ${at}`))(
    "is certain exactly where brute force finds a way that keeps every row (%s)",
    (seed) => {
      const random = seededRandom(seed);
      const graph = randomDag(seed, 16, 0.2);
      const keeps = new Set(graph.links.filter(() => random.uniform() < 0.5));
      const kept = distances({ ...graph, links: [...keeps] });
      const isKept = (from: number, to: number) =>
        [...keeps].some(([one, other]) => one === from && other === to);
      const withdrawn = [0, 3, 5];
      const reached = reach(withdrawn, neighboursIn(graph.down), EVERYTHING);
      for (const { id, certain } of impactOf(withdrawn, reached, isKept))
        expect(certain).toBe(withdrawn.some((from) => Number.isFinite(kept[from]?.[id])));
    },
  );
});

it("the kind of a node is told by its id", () => {
  expect(
    ["dsv_1", "trn_1", "run_1", "mdl_1@2", "exp_1", "ds:a/b", "job:a/b"].map(nodeKind),
  ).toEqual([
    "dataset_version",
    "transformation",
    "run",
    "model_version",
    "experiment",
    "external_dataset",
    "external_job",
  ]);
  expect(["", "dsv", "usr_1", "DSV_1", "xds:a", "toString"].map(nodeKind)).toEqual(
    Array.from({ length: 6 }, () => undefined),
  );
});
