import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  type ChainVersion,
  chainOf,
  MOST_CHAIN_VERSIONS,
  type RecordedTransformation,
  replayPlan,
  validateReproducibility,
} from "../../../../domain/datasets/transformations/chain.ts";
import { unfitted } from "../../../../domain/datasets/transformations/check-transformation.ts";
import { codeHash } from "../../../../domain/datasets/transformations/code-hash.ts";
import type { JsonObject } from "../../../../domain/datasets/transformations/parameters.ts";
import { faultOf } from "./support.ts";

const sha256 = async (bytes: Uint8Array): Promise<string> =>
  createHash("sha256").update(bytes).digest("hex");

/** Versions by what each was made of: `transformation(sources)output`, parents alone, or nothing. */
const versions: Record<string, ChainVersion> = {};
function add(
  version_id: string,
  by: string | null = null,
  sources: string[] = [],
  change: Partial<RecordedTransformation> = {},
): void {
  versions[version_id] = {
    version_id,
    parent_version_ids: sources,
    transformation: by === null ? null : { ...record(by, sources), ...change },
  };
}
const record = (transformation_id: string, source_version_ids: string[]) => ({
  transformation_id,
  transformation_type: "filter" as const,
  source_version_ids,
  parameters: { where: transformation_id },
  output: null,
  code_hash: `hash of ${transformation_id}`,
  executable: true,
  executed_at: 0,
});
add("raw");
add("titles");
add("clean", "filter", ["raw"]);
add("train", "split", ["clean"], { output: "train" });
add("test", "split", ["clean"], { output: "test" });
add("scaled", "scale", ["train"]);
add("joined", "join", ["scaled", "titles"]);
add("both", "pair", ["joined", "test"]);
add("twice", "self", ["raw", "raw"]);
add("followed", null, ["raw"]);
add("of followed", "later", ["followed"]);
add("of lost", "orphan", ["lost", "raw"]);
add("foreign", "elsewhere", ["raw"], { executable: false, code_hash: null });
add("circle", "round", ["arc"]);
add("arc", "about", ["circle"]);

const find = async (id: string) => versions[id] ?? null;
const chain = (id: string) => chainOf(id, find);
const stepsOf = async (id: string) =>
  (await chain(id)).steps.map(({ transformation, versions: made }) => [
    transformation.transformation_id,
    made.map(({ version_id }) => version_id),
  ]);

describe("the chain of a version", () => {
  it("has the steps in an order in which they can be done, each once, and the roots", async () => {
    expect(await stepsOf("both")).toEqual([
      ["filter", ["clean"]],
      ["split", ["train", "test"]],
      ["scale", ["scaled"]],
      ["join", ["joined"]],
      ["pair", ["both"]],
    ]);
    expect(await chain("both")).toMatchObject({
      roots: ["raw", "titles"],
      missing: [],
      unexplained: [],
    });
  });

  it("has only the outputs that are needed, under their names", async () => {
    const { steps } = await chain("scaled");
    expect(steps[1]?.versions).toEqual([{ version_id: "train", output: "train" }]);
    expect(await stepsOf("twice")).toEqual([["self", ["twice"]]]);
  });

  it("of a file is the file", async () => {
    expect(await chain("raw")).toEqual({ roots: ["raw"], steps: [], missing: [], unexplained: [] });
  });

  it("tells what is gone, and what nobody said how it was made", async () => {
    expect(await chain("of lost")).toMatchObject({ missing: ["lost"], roots: ["raw"] });
    expect(await chain("lost")).toMatchObject({ missing: ["lost"], roots: [] });
    expect(await chain("of followed")).toMatchObject({
      unexplained: ["followed"],
      roots: ["raw"],
    });
  });

  it("asks for each version once", async () => {
    const asked: string[] = [];
    await chainOf("both", (id) => {
      asked.push(id);
      return find(id);
    });
    expect(asked.toSorted()).toEqual([...new Set(asked)].toSorted());
    expect(asked).toHaveLength(8);
  });

  it("refuses versions that were made of each other", async () => {
    const { code, message } = await faultOf(() => chain("circle"));
    expect(code).toBe("transformation_invalid");
    expect(message).toContain("circle -> arc -> circle");
  });

  it("is as long as anybody means, and no longer", async () => {
    const line = async (id: string): Promise<ChainVersion> => ({
      version_id: id,
      parent_version_ids: [],
      transformation: id === "1" ? null : record(`t${id}`, [String(Number(id) - 1)]),
    });
    const { steps, roots } = await chainOf(String(MOST_CHAIN_VERSIONS), line);
    expect(steps).toHaveLength(MOST_CHAIN_VERSIONS - 1);
    expect(roots).toEqual(["1"]);
    const fault = await faultOf(() => chainOf(String(MOST_CHAIN_VERSIONS + 1), line));
    expect(fault.message).toContain(`more than ${MOST_CHAIN_VERSIONS}`);
  });
});

describe("a plan to replay", () => {
  const plan = async (id: string, replaced: Record<string, string>) =>
    replayPlan(await chain(id), new Map(Object.entries(replaced)));

  it("does again what was made of the replaced version, of new sources where they are new", async () => {
    const steps = await plan("both", { raw: "new" });
    expect(steps.map(({ transformation }) => transformation.transformation_id)).toEqual([
      "filter",
      "split",
      "scale",
      "join",
      "pair",
    ]);
    expect(steps.map(({ sources }) => sources)).toEqual([
      [{ version_id: "new" }],
      [{ step: 0, output: null, replaces: "clean" }],
      [{ step: 1, output: "train", replaces: "train" }],
      [{ step: 2, output: null, replaces: "scaled" }, { version_id: "titles" }],
      [
        { step: 3, output: null, replaces: "joined" },
        { step: 1, output: "test", replaces: "test" },
      ],
    ]);
    expect(steps[1]?.versions.map(({ output }) => output)).toEqual(["train", "test"]);
  });

  it("begins where the replaced version is taken, and makes none that is replaced itself", async () => {
    const steps = await plan("both", { train: "new" });
    expect(steps.map(({ transformation }) => transformation.transformation_id)).toEqual([
      "scale",
      "join",
      "pair",
    ]);
    expect(steps[2]?.sources).toEqual([
      { step: 1, output: null, replaces: "joined" },
      { version_id: "test" },
    ]);
    const both = await plan("both", { raw: "new", train: "own" });
    expect(both[1]?.versions).toEqual([{ version_id: "test", output: "test" }]);
    expect(both[2]?.sources).toEqual([{ version_id: "own" }]);
    const scaled = await plan("scaled", { raw: "new", clean: "own" });
    expect(scaled.map(({ transformation }) => transformation.transformation_id)).toEqual([
      "split",
      "scale",
    ]);
  });

  it("is refused where nothing was made of it, and where a step was done elsewhere", async () => {
    const nothing = await faultOf(() => plan("clean", { titles: "new" }));
    expect(nothing).toMatchObject({ code: "transformation_invalid", field: "source_version" });
    expect(nothing.message).toContain("titles");
    const elsewhere = await faultOf(() => plan("foreign", { raw: "new" }));
    expect(elsewhere).toMatchObject({ field: "target_version" });
    expect(elsewhere.message).toContain("elsewhere");
  });
});

describe("whether a version can be made again", () => {
  const problems = async (id: string, now: string | null = null) =>
    validateReproducibility(
      await chain(id),
      async ({ transformation_id }) => now ?? `hash of ${transformation_id}`,
    );

  it("is told by what is missing", async () => {
    expect(await problems("both")).toEqual([]);
    expect(await problems("of lost")).toEqual([{ code: "source_missing", version_id: "lost" }]);
    expect(await problems("of followed")).toEqual([
      { code: "not_recorded", version_id: "followed" },
    ]);
    expect(await problems("foreign")).toEqual([
      { code: "not_executable", transformation_id: "elsewhere" },
    ]);
    expect(await problems("clean", "another")).toEqual([
      {
        code: "code_changed",
        transformation_id: "filter",
        recorded: "hash of filter",
        now: "another",
      },
    ]);
  });
});

describe("the hash of the code", () => {
  const of = (parameters: JsonObject, engine = "1", type: "filter" | "map" = "filter") =>
    codeHash({ type, parameters }, engine, sha256);

  it("is that of the kind, its parameters in any order, and the engine", async () => {
    const one = await of({ a: 1, b: [1, 2] });
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(await of({ b: [1, 2], a: 1 })).toBe(one);
    const others = [of({ a: 1, b: [2, 1] }), of({ a: 1, b: [1, 2] }, "2")];
    for (const other of await Promise.all([...others, of({ a: 1, b: [1, 2] }, "1", "map")]))
      expect(other).not.toBe(one);
  });
});

describe("what was fitted", () => {
  it("is left out to be fitted anew, and what a caller gave is not", () => {
    const fitted = [{ column: "x", centre: 0, scale: 1 }];
    expect(unfitted("normalization", { method: "robust", fitted })).toEqual({ method: "robust" });
    const features = [
      { kind: "one_hot", column: "a", categories: ["x"] },
      { kind: "bin", column: "b", method: "quantile", edges: [1] },
      { kind: "bin", column: "b", method: "edges", edges: [1] },
      { kind: "lag", column: "b", name: "c" },
    ];
    expect(unfitted("feature_engineering", { features, drop: [] })).toEqual({
      features: [
        { kind: "one_hot", column: "a" },
        { kind: "bin", column: "b", method: "quantile" },
        features[2],
        features[3],
      ],
      drop: [],
    });
    const odd = { features: [null, "x", [1]] };
    expect(unfitted("feature_engineering", odd)).toEqual(odd);
    expect(unfitted("filter", { where: "x", fitted })).toEqual({ where: "x", fitted });
  });
});
