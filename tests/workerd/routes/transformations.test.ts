import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Page } from "../../../contract/common.ts";
import type { DatasetVersionDetails, DatasetVersionView } from "../../../contract/dataset.ts";
import type { UsedVersionsView } from "../../../contract/lineage.ts";
import type { RunView } from "../../../contract/run.ts";
import type { ProblemCode } from "../../../contract/problem.ts";
import type {
  CreateTransformation,
  Reproducibility,
  TransformationStateView,
  TransformationSummary,
} from "../../../contract/transformation.ts";
import { newId } from "../../../workers/api/http/ids.ts";
import { objectsOf } from "../support/dataset-actor.ts";
import { newExperiment, newModel } from "../support/model-fixtures.ts";
import { call, newKey, refused, succeeds } from "../support/platform.ts";

type Order = Partial<Omit<CreateTransformation, "transformation_type">>;
type Replayed = { transformations: TransformationStateView[] };

const WEARS = "id,x,kind\n1,0.5,a\n2,1.5,b\n3,2.5,a\n4,3.5,b\n5,4.5,a\n6,5.5,a\n";
const TITLES = "kind,title\na,inner ring\nb,ball\n";

/** A version that there is not. */
const NOBODYS = newId("dsv");

let key = "";
let [wears, titles] = ["", ""];
let datasets = 0;

async function newDataset(change: object = {}, as = key): Promise<string> {
  datasets += 1;
  const name = `made-${datasets}`;
  const json = { name, format: "csv", compatibility: "none", ...change };
  await succeeds(201, "POST /v1/datasets", { key: as, json });
  return name;
}
const put = async (dataset: string, text: string, as = key) =>
  (
    await succeeds<DatasetVersionView>(201, `PUT /v1/datasets/${dataset}/versions`, {
      key: as,
      body: text,
      headers: { "content-type": "application/octet-stream" },
    })
  ).version_id;
const orderOf = (
  transformation_type: CreateTransformation["transformation_type"],
  parameters: CreateTransformation["parameters"],
  order: Order = {},
) => ({ transformation_type, parameters, source_versions: [wears], ...order });
const transform = (dataset: string, ...order: Parameters<typeof orderOf>) =>
  succeeds<TransformationStateView>(201, `POST /v1/datasets/${dataset}/transformations`, {
    key,
    json: orderOf(...order),
  });
const textOf = async (dataset: string, version: string | number = "head") =>
  new TextDecoder().decode(
    (await call<Uint8Array>(`GET /v1/datasets/${dataset}/versions/${version}/content`, { key }))
      .body,
  );
const madeBy = ({ versions }: TransformationStateView) => versions[0]?.version_id ?? "";

beforeAll(async () => {
  ({ key } = await newKey());
  wears = await put(await newDataset(), WEARS);
  titles = await put(await newDataset(), TITLES);
});

describe("a transformation", () => {
  it.each<
    [CreateTransformation["transformation_type"], CreateTransformation["parameters"], string]
  >([
    ["filter", { where: "kind = 'b' or x > 5" }, "id,x,kind\n2,1.5,b\n4,3.5,b\n6,5.5,a\n"],
    [
      "map",
      {
        set: [{ name: "twice", expression: "x * 2" }],
        drop: ["kind"],
        rename: [{ from: "x", to: "load" }],
      },
      "id,load,twice\n1,0.5,1.0\n2,1.5,3.0\n3,2.5,5.0\n4,3.5,7.0\n5,4.5,9.0\n6,5.5,11.0\n",
    ],
    [
      "aggregate",
      {
        by: ["kind"],
        aggregates: [
          { name: "rows", function: "count" },
          { name: "mean", function: "mean", column: "x" },
        ],
      },
      "kind,rows,mean\na,4,3.25\nb,2,2.5\n",
    ],
    [
      "sample",
      { n: 2, stratify_by: ["kind"], key: ["id"], seed: 1 },
      "id,x,kind\n2,1.5,b\n3,2.5,a\n",
    ],
    [
      "feature_engineering",
      {
        features: [
          { kind: "lag", column: "x", name: "before" },
          { kind: "one_hot", column: "kind" },
        ],
        drop: ["x", "kind"],
      },
      "id,before,kind_a,kind_b\n1,,1,0\n2,0.5,0,1\n3,1.5,1,0\n4,2.5,0,1\n5,3.5,1,0\n6,4.5,1,0\n",
    ],
    [
      "normalization",
      { method: "min_max", columns: ["x"] },
      "id,x,kind\n1,0.0,a\n2,0.2,b\n3,0.4,a\n4,0.6,b\n5,0.8,a\n6,1.0,a\n",
    ],
    [
      "augmentation",
      { oversample: { by: ["kind"] }, number_as: "copy" },
      "id,x,kind,copy\n1,0.5,a,0\n2,1.5,b,0\n2,1.5,b,1\n3,2.5,a,0\n4,3.5,b,0\n4,3.5,b,1\n5,4.5,a,0\n6,5.5,a,0\n",
    ],
  ])("of kind %s makes a version", async (type, parameters, text) => {
    const dataset = await newDataset();
    const done = await transform(dataset, type, parameters);
    expect(done).toMatchObject({
      transformation_type: type,
      status: "succeeded",
      source_version_ids: [wears],
      problem: null,
      versions: [{ output: null, version_number: 1, created: true }],
    });
    expect(await textOf(dataset)).toBe(text);
    const { transformation, created_by } = await succeeds<DatasetVersionDetails>(
      200,
      `GET /v1/datasets/${dataset}/versions/head`,
      { key },
    );
    expect(transformation).toMatchObject({
      transformation_type: type,
      parameters: done.parameters,
      code_hash: done.code_hash,
      executable: true,
    });
    expect(created_by).toBe(done.created_by);
    expect(created_by).toMatch(/^key_/);
  });

  it.each(["numpy", "hdf5", "mat"])(
    "makes %s, whose files say at their beginning what the last row tells",
    async (format) => {
      const dataset = await newDataset({ format, compatibility: "backward" });
      const features = [{ kind: "lag", column: "id", name: "before", by: 1 }];
      const drop = ["kind"];
      const made = await transform(dataset, "feature_engineering", { features, drop });
      expect(made).toMatchObject({ status: "succeeded", versions: [{ row_count: 6 }] });
      const at = `/v1/datasets/${dataset}/versions/head`;
      const details = await succeeds<DatasetVersionDetails>(200, `GET ${at}`, { key });
      // The first row has none before it.
      expect(details.schema?.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
        "id int64",
        "x float64",
        "before float64",
      ]);
      expect(await succeeds(200, `GET ${at}/rows?limit=2`, { key })).toMatchObject({
        rows: [
          { id: 1, x: 0.5, before: "NaN" },
          { id: 2, x: 1.5, before: 1 },
        ],
      });
      expect(await succeeds(200, `POST ${at}/validate`, { key, json: {} })).toMatchObject({
        reproducible: true,
      });
      const again = await transform(dataset, "feature_engineering", { features, drop });
      expect(again.versions).toMatchObject([{ created: false, version_number: 1 }]);
      const objects = await objectsOf(details.dataset_id);
      expect(objects).toHaveLength(1);
      expect(objects.join()).not.toContain("spool");
    },
  );

  it("that makes NumPy is refused what NumPy cannot hold, and leaves nothing", async () => {
    const dataset = await newDataset({ format: "numpy" });
    const { dataset_id } = await succeeds<{ dataset_id: string }>(
      200,
      `GET /v1/datasets/${dataset}`,
      { key },
    );
    const features = [{ kind: "lag", column: "kind", name: "before" }];
    const done = await transform(dataset, "feature_engineering", { features });
    expect(done).toMatchObject({
      status: "failed",
      problem: { code: "dataset_option_invalid", field: "before" },
    });
    expect(await objectsOf(dataset_id)).toEqual([]);
  });

  it("of kind join takes two sources, in any format that has columns", async () => {
    const dataset = await newDataset({ format: "json" });
    const made = await transform(
      dataset,
      "join",
      { on: ["kind"] },
      { source_versions: [wears, titles] },
    );
    expect(made.versions).toMatchObject([{ row_count: 6 }]);
    const [first] = (await textOf(dataset)).split("\n");
    expect(JSON.parse(first ?? "")).toEqual({ id: 1, x: 0.5, kind: "a", title: "inner ring" });
    const parquet = await newDataset({ format: "parquet" });
    await transform(parquet, "filter", { where: "id = 2" }, { source_versions: [madeBy(made)] });
    expect((await textOf(parquet)).slice(0, 4)).toBe("PAR1");
    const back = await newDataset();
    await transform(
      back,
      "filter",
      { where: "id > 0" },
      { source_versions: [{ dataset: parquet, version: "head" }] },
    );
    expect(await textOf(back)).toBe("id,x,kind,title\n2,1.5,b,ball\n");
  });

  it("of kind split makes one version of each part, tagged with its name or where it is asked for", async () => {
    const [dataset, other] = [await newDataset(), await newDataset()];
    const parts = ["train", "test"].map((name) => ({ name, fraction: 0.5 }));
    const { versions } = await transform(dataset, "split", { parts, stratify_by: ["kind"] });
    expect(versions).toMatchObject([
      { output: "train", version_number: 1, row_count: 3 },
      { output: "test", version_number: 2, row_count: 3 },
    ]);
    const lines = async (tag: string) => (await textOf(dataset, tag)).trim().split("\n").slice(1);
    expect([...(await lines("train")), ...(await lines("test"))].toSorted()).toEqual(
      WEARS.trim().split("\n").slice(1),
    );
    const outputs = [{ output: "test", dataset: other, tags: ["held-out"] }];
    const order = { outputs, tags: ["all"] };
    const only = await transform(dataset, "split", { parts, stratify_by: ["kind"] }, order);
    expect(only.versions).toHaveLength(1);
    for (const tag of ["held-out", "all"])
      expect(await textOf(other, tag)).toBe(await textOf(dataset, "test"));
  });

  it("warns of a part or an output that has no rows, in its answer and at the version", async () => {
    const dataset = await newDataset();
    const parts = [
      { name: "train", fraction: 0.999 },
      { name: "test", fraction: 0.001 },
      { name: "none", fraction: 0 },
    ];
    const { transformation_id, versions } = await transform(dataset, "split", { parts });
    const warning = expect.stringContaining("part 'test' has no rows");
    expect(versions.map(({ row_count, warnings }) => [row_count, warnings])).toEqual([
      [6, []],
      [0, [warning]],
      [0, []],
    ]);
    const again = `GET /v1/transformations/${transformation_id}`;
    expect(await succeeds(200, again, { key })).toMatchObject({ versions });
    const version = `GET /v1/datasets/${dataset}/versions/test`;
    const details = await succeeds<DatasetVersionDetails>(200, version, { key });
    expect(details.warnings).toEqual([warning]);
    const filtered = await transform(await newDataset(), "filter", { where: "x > 100" });
    expect(filtered.versions).toMatchObject([
      { row_count: 0, warnings: [expect.stringContaining("no row came out")] },
    ]);
  });

  it("takes the parameters that were fitted for another version", async () => {
    const [train, test] = [await newDataset(), await newDataset()];
    const fitted = await transform(train, "normalization", { method: "max_abs", columns: ["x"] });
    expect(fitted.parameters).toMatchObject({ fitted: [{ column: "x", centre: 0, scale: 5.5 }] });
    const other = await put(await newDataset(), "id,x,kind\n1,11,a\n");
    const order = { source_versions: [other], parameters_of: madeBy(fitted) };
    const applied = await transform(test, "normalization", {}, order);
    expect(applied.parameters).toEqual(fitted.parameters);
    expect(await textOf(test)).toBe("id,x,kind\n1,2.0,a\n");
  });

  it("is listed newest first, in pages, by status and dataset, and read by its id", async () => {
    const mine = await newKey();
    const [source, target] = [await newDataset({}, mine.key), await newDataset({}, mine.key)];
    const version = await put(source, WEARS, mine.key);
    const begin = async (dataset: string, where: string) =>
      (
        await succeeds<TransformationStateView>(
          201,
          `POST /v1/datasets/${dataset}/transformations`,
          {
            key: mine.key,
            json: orderOf("filter", { where }, { source_versions: [version] }),
          },
        )
      ).transformation_id;
    const made = [
      await begin(target, "x > 1"),
      await begin(target, "x > 2"),
      await begin(source, "x > 3"),
    ];
    const newest = made.toReversed();
    const list = async (query: string) => {
      const { items, next_cursor } = await succeeds<Page<TransformationSummary>>(
        200,
        `GET /v1/transformations${query}`,
        { key: mine.key },
      );
      return { ids: items.map(({ transformation_id }) => transformation_id), next_cursor };
    };
    expect(await list("")).toEqual({ ids: newest, next_cursor: null });
    const page = await list("?limit=2");
    expect(page.ids).toEqual(newest.slice(0, 2));
    expect((await list(`?limit=2&cursor=${page.next_cursor}`)).ids).toEqual(newest.slice(2));
    expect((await list(`?dataset=${target}`)).ids).toEqual(newest.slice(1));
    // The row in the directory follows the actor.
    await expect.poll(async () => (await list("?status=succeeded")).ids).toEqual(newest);
    expect((await list("?status=failed")).ids).toEqual([]);
    const path = `GET /v1/transformations/${made[0]}`;
    const one = await succeeds<TransformationStateView>(200, path, { key: mine.key });
    expect(one).toMatchObject({ status: "succeeded", rows_read: 6, rows_written: 5 });
    await refused("transformation_not_found", path, { key });
    await refused("dataset_not_found", `GET /v1/transformations?dataset=${target}`, { key });
  });

  it("that is not waited for is cancelled once, or has ended", async () => {
    const dataset = await newDataset();
    const path = `POST /v1/datasets/${dataset}/transformations`;
    const json = orderOf("split", {}, { wait: false });
    const begun = await succeeds<TransformationStateView>(202, path, { key, json });
    expect(["queued", "running"]).toContain(begun.status);
    const cancel = `POST /v1/transformations/${begun.transformation_id}/cancel`;
    const { status } = await succeeds<TransformationStateView>(200, cancel, { key });
    expect(status).toBe("cancelled");
    const { body } = await refused("transformation_ended", cancel, { key });
    expect(body["status_of_transformation"]).toBe("cancelled");
    await refused("transformation_not_found", cancel, { key: (await newKey()).key });
  });
});

describe("a transformation is refused", () => {
  it.each<[ProblemCode, string, ...Parameters<typeof orderOf>]>([
    ["transformation_invalid", "'nothing'", "filter", { where: "nothing > 1" }],
    ["transformation_invalid", "select", "filter", { where: "x in (select 1)" }],
    ["transformation_invalid", "parameters.where", "filter", {}],
    ["transformation_invalid", "2 sources", "join", { on: ["id"] }],
    ["transformation_invalid", "found no", "split", {}, { outputs: [{ output: "no", tags: [] }] }],
    ["transformation_invalid", "one of them", "filter", { where: "x" }, { parameters_of: NOBODYS }],
    ["dataset_version_not_found", NOBODYS, "filter", {}, { parameters_of: NOBODYS }],
    ["dataset_version_not_found", NOBODYS, "sample", { n: 1 }, { source_versions: [NOBODYS] }],
    [
      "dataset_not_found",
      "'none'",
      "split",
      {},
      { outputs: [{ output: "train", dataset: "none", tags: [] }] },
    ],
    ["invalid_request", "source_versions", "sample", { n: 1 }, { source_versions: [] }],
  ])("as %s, with %s, before it is begun", async (code, told, ...order) => {
    const begun = async () => (await listDurableObjectIds(env.TRANSFORMATION)).length;
    const [dataset, before] = [await newDataset(), await begun()];
    const path = `POST /v1/datasets/${dataset}/transformations`;
    const { body } = await refused(code, path, { key, json: orderOf(...order) });
    expect(body.detail).toContain(told);
    expect(await begun()).toBe(before);
  });

  it("for a dataset of a format that is only read", async () => {
    const dataset = await newDataset({ format: "tfrecord" });
    const path = `POST /v1/datasets/${dataset}/transformations`;
    const { body } = await refused("transformation_invalid", path, {
      key,
      json: orderOf("sample", { n: 1 }),
    });
    expect(body.detail).toContain("csv, parquet, json, numpy, hdf5, mat");
  });

  it("later where only the data shows it, with the problem and nothing left", async () => {
    const dataset = await newDataset();
    const { dataset_id } = await succeeds<{ dataset_id: string }>(
      200,
      `GET /v1/datasets/${dataset}`,
      {
        key,
      },
    );
    const twins = await put(await newDataset(), "kind,title\na,one\na,two\n");
    const done = await transform(
      dataset,
      "join",
      { on: ["kind"], at_most_one_match: true },
      { source_versions: [wears, twins] },
    );
    expect(done).toMatchObject({
      status: "failed",
      versions: [],
      problem: { code: "transformation_invalid", field: "parameters.at_most_one_match" },
    });
    expect(await objectsOf(dataset_id)).toEqual([]);
  });
});

/** filter → normalization → join → split, each in a dataset of its own. */
async function chain() {
  const names = await Promise.all(Array.from({ length: 4 }, () => newDataset()));
  const [filtered = "", scaled = "", joined = "", parts = ""] = names;
  const filter = await transform(filtered, "filter", { where: "x > 1" });
  const scale = await transform(
    scaled,
    "normalization",
    { columns: ["x"], method: "max_abs" },
    { source_versions: [madeBy(filter)] },
  );
  const join = await transform(
    joined,
    "join",
    { on: ["kind"] },
    { source_versions: [madeBy(scale), titles] },
  );
  const split = await transform(
    parts,
    "split",
    { parts: ["train", "test"].map((name) => ({ name, fraction: 0.5 })), stratify_by: ["kind"] },
    { source_versions: [madeBy(join)] },
  );
  return { filtered, scaled, joined, parts, filter, scale, join, split };
}

describe("replaying", () => {
  it("the same source makes the same bytes, and no other version", async () => {
    const { parts, split, scale } = await chain();
    const replayed = await succeeds<Replayed>(201, `POST /v1/datasets/${parts}/replay`, {
      key,
      json: { target_version: "train", source_version: wears, new_source_version: wears },
    });
    expect(replayed.transformations.map((one) => one.transformation_type)).toEqual([
      "filter",
      "normalization",
      "join",
      "split",
    ]);
    for (const { versions } of replayed.transformations)
      expect(versions).toMatchObject([{ created: false }]);
    expect(replayed.transformations[1]?.versions[0]?.version_id).toBe(madeBy(scale));
    expect(replayed.transformations[3]?.versions[0]?.version_id).toBe(madeBy(split));
  });

  it("another source does all that was done, with what was fitted or fitted anew", async () => {
    const { parts, scaled } = await chain();
    const source = await put(await newDataset(), `${WEARS}7,11,b\n8,22,a\n`);
    const replay = async (refit: boolean) => {
      const { transformations } = await succeeds<Replayed>(
        201,
        `POST /v1/datasets/${parts}/replay`,
        {
          key,
          json: {
            target_version: "train",
            source_version: wears,
            new_source_version: source,
            refit,
            tags: ["again"],
          },
        },
      );
      const [filter, scale, , split] = transformations;
      expect(transformations.map(({ status }) => status)).toEqual(Array(4).fill("succeeded"));
      expect(filter?.source_version_ids).toEqual([source]);
      expect(scale?.source_version_ids).toEqual([filter && madeBy(filter)]);
      const text = await textOf(parts, "again");
      expect(split && text).toBe(await textOf(parts, split?.versions[0]?.version_id ?? ""));
      expect(text).toContain("inner ring");
      return textOf(scaled);
    };
    expect(await replay(false)).toContain("7,2.0,b\n8,4.0,a\n");
    expect(await replay(true)).toContain("7,0.5,b\n8,1.0,a\n");
  });

  it("begins in the middle, and is refused for what the target was not made of", async () => {
    const { filter, filtered, scaled } = await chain();
    const other = await put(filtered, "id,x,kind\n9,55,a\n");
    const json = { source_version: madeBy(filter), new_source_version: other };
    const { transformations } = await succeeds<Replayed>(
      201,
      `POST /v1/datasets/${scaled}/replay`,
      {
        key,
        json,
      },
    );
    expect(transformations).toHaveLength(1);
    expect(await textOf(scaled)).toBe("id,x,kind\n9,10.0,a\n");
    const none = { source_version: titles, new_source_version: other };
    await refused("transformation_invalid", `POST /v1/datasets/${scaled}/replay`, {
      key,
      json: none,
    });
    await refused("dataset_not_found", `POST /v1/datasets/none/replay`, { key, json });
  });
});

describe("validating", () => {
  const validate = (dataset: string, version: string, json: object = {}, as = key) =>
    succeeds<Reproducibility>(200, `POST /v1/datasets/${dataset}/versions/${version}/validate`, {
      key: as,
      json,
    });

  it("does every step again, and keeps nothing of it", async () => {
    const { parts, split, join, scale, filter } = await chain();
    const { dataset_id } = split.versions[0] ?? {};
    const before = await objectsOf(dataset_id ?? "");
    const found = await validate(parts, "train");
    expect(found).toMatchObject({ reproducible: true, missing: [] });
    expect(found.roots.toSorted()).toEqual([wears, titles].toSorted());
    expect(found.steps.map(({ transformation_id }) => transformation_id)).toEqual(
      [filter, scale, join, split].map(({ transformation_id }) => transformation_id),
    );
    for (const { status, versions } of found.checks) {
      expect(status).toBe("succeeded");
      expect(versions).toMatchObject([{ matches: true, version_id: null }]);
    }
    expect(await objectsOf(dataset_id ?? "")).toEqual(before);
    const only = await validate(parts, "train", { rederive: false });
    expect(only).toMatchObject({ reproducible: null, checks: [] });
  });

  it("says what was done elsewhere, and of a file that it needs nothing", async () => {
    expect(await validate("made-1", "head")).toMatchObject({
      reproducible: true,
      roots: [wears],
      steps: [],
    });
    const dataset = await newDataset();
    const { dataset_id } = await succeeds<{ dataset_id: string }>(
      200,
      `GET /v1/datasets/${dataset}`,
      {
        key,
      },
    );
    const upload_id = newId("upl");
    const record = (code_hash: string, executable: boolean) => ({
      size_bytes: null,
      read_options: {},
      parent_version_ids: [wears],
      transformation: {
        transformation_id: newId("trn"),
        transformation_type: "filter" as const,
        source_version_ids: [wears],
        parameters: { where: "x > 1" },
        output: null,
        code_hash,
        executable,
        executed_at: 0,
      },
      message: "",
      tags: [],
      created_by: "key_1",
    });
    const actor = env.DATASET.getByName(dataset_id);
    const chunk = { sha256: "1".repeat(64), length: 4 };
    const commit = async (id: string, executable: boolean, digit: string) => {
      await actor.beginUpload(id, record("f".repeat(64), executable));
      await actor.commitFile(id, {
        recipe: [chunk],
        packs: [{ key: `datasets/${dataset_id}/${id}/0`, size_bytes: 4, chunks: [chunk] }],
        size_bytes: 4,
        content_hash: digit.repeat(64),
        inspection: { schema: null, row_count: null, columns: [], warnings: [] },
      });
    };
    await commit(upload_id, false, "1");
    expect(await validate(dataset, "head")).toMatchObject({
      reproducible: false,
      missing: [{ code: "not_executable" }],
      checks: [],
    });
    await commit(newId("upl"), true, "2");
    expect(await validate(dataset, "head")).toMatchObject({
      reproducible: false,
      missing: [{ code: "code_changed", recorded: "f".repeat(64) }],
      checks: [],
    });
    await refused("dataset_version_not_found", `POST /v1/datasets/${dataset}/versions/9/validate`, {
      key,
      json: {},
    });
  });
});

describe("the versions that something used", () => {
  it("are found by run, by the model that it made and by its experiment", async () => {
    const { filtered, parts, split } = await chain();
    await newModel(key, "wear-model");
    const outputs = [{ model: "wear-model", version: 1 }];
    const inputs = [madeBy(split)];
    const run = { name: "training", status: "succeeded", inputs, outputs };
    const { run_id } = await succeeds<RunView>(201, "POST /v1/runs", { key, json: run });
    const { id } = await newExperiment(key, "wear-model");
    const used = async (dataset: string, by: string) =>
      (
        await succeeds<UsedVersionsView>(
          200,
          `GET /v1/datasets/${dataset}/versions-used?by=${encodeURIComponent(by)}`,
          { key },
        )
      ).items.map(({ version_id, direct }) => ({ version_id, direct }));
    for (const by of [run_id, id]) {
      await expect
        .poll(() => used(parts, by))
        .toEqual([{ version_id: madeBy(split), direct: true }]);
      expect(await used(filtered, by)).toMatchObject([{ direct: false }]);
      expect(await used("made-1", by)).toEqual([{ version_id: wears, direct: false }]);
    }
    const other = await newDataset();
    expect(await used(other, id)).toEqual([]);
    const path = `GET /v1/datasets/${parts}/versions-used`;
    await refused("lineage_node_not_found", `${path}?by=${newId("run")}`, { key });
    await refused("invalid_request", path, { key });
    await refused("dataset_not_found", `${path}?by=${id}`, { key: (await newKey()).key });
  });
});

describe("others", () => {
  it("neither read by a transformation, a replay or a validation what they may not read", async () => {
    const other = await newKey();
    const secret = await put(await newDataset({}, other.key), TITLES, other.key);
    const { id: group } = await succeeds<{ id: string }>(201, "POST /v1/groups", {
      key,
      json: { name: "wear-readers" },
    });
    const access_groups = [{ group, role: "read" }];
    const { joined, scale, scaled, join } = await chain();
    const idOf = async (name: string) =>
      (await succeeds<{ dataset_id: string }>(200, `GET /v1/datasets/${name}`, { key })).dataset_id;
    await refused("dataset_version_not_found", `POST /v1/datasets/${joined}/transformations`, {
      key,
      json: orderOf("join", { on: ["kind"] }, { source_versions: [wears, secret] }),
    });
    // A reader of the result and of one source, and not of the other one.
    for (const name of [joined, scaled])
      await succeeds(200, `PATCH /v1/datasets/${name}`, { key, json: { access_groups } });
    await succeeds(200, `PUT /v1/groups/${group}/members/${other.owner_id}`, { key });
    const begun = async () => (await listDurableObjectIds(env.TRANSFORMATION)).length;
    const before = await begun();
    const [joined_id, scaled_id] = [await idOf(joined), await idOf(scaled)];
    const found = await succeeds<Reproducibility>(
      200,
      `POST /v1/datasets/${joined_id}/versions/head/validate`,
      { key: other.key, json: {} },
    );
    expect(found).toMatchObject({ reproducible: false, checks: [] });
    expect(found.missing).toContainEqual({ code: "source_missing", version_id: titles });
    const json = { source_version: madeBy(scale), new_source_version: madeBy(scale) };
    const replay = `POST /v1/datasets/${joined_id}/replay`;
    await refused("dataset_version_not_found", replay, { key: other.key, json });
    // A reader of all is no writer.
    const target = `POST /v1/datasets/${scaled_id}/transformations`;
    await refused("dataset_not_owned", target, {
      key: other.key,
      json: orderOf("sample", { n: 1 }, { source_versions: [madeBy(join)] }),
    });
    await succeeds(200, "PATCH /v1/datasets/made-2", { key, json: { access_groups } });
    await refused("dataset_not_owned", replay, { key: other.key, json });
    expect(await begun()).toBe(before);
    // And with the right to write it is done, in the one dataset.
    const writing = { access_groups: [{ group, role: "write" }] };
    await succeeds(200, `PATCH /v1/datasets/${joined}`, { key, json: writing });
    const done = await succeeds<Replayed>(201, replay, { key: other.key, json });
    expect(done.transformations).toMatchObject([{ versions: [{ version_id: madeBy(join) }] }]);
  });
});
