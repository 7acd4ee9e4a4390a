import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Page } from "../../../contract/common.ts";
import type { LineageNodeView, ModelDataView } from "../../../contract/lineage.ts";
import type { CreateRun, RunSummary, RunView } from "../../../contract/run.ts";
import { uuidOf } from "../../../domain/lineage/openlineage/run-uuid.ts";
import { newId } from "../../../workers/api/http/ids.ts";
import { newDataset } from "../support/dataset-versions.ts";
import { newModel, scaleModel } from "../support/model-fixtures.ts";
import { newKey, newUser, refused, succeeds } from "../support/platform.ts";

let key = "";
let owner_id = "";
let data: Awaited<ReturnType<typeof newDataset>>;
let [first, second] = ["", ""];
beforeAll(async () => {
  owner_id = await newUser();
  ({ key } = await newKey({ owner_id }));
  data = await newDataset(owner_id, "bearings");
  [first, second] = [await data.add(), await data.add({ tags: ["clean"] })];
  await newModel(key, "rater", [scaleModel(1), scaleModel(2), scaleModel(3)]);
});

const begin = (json: Partial<CreateRun>, status = 201) =>
  succeeds<RunView>(status, "POST /v1/runs", { key, json: { name: "a run", ...json } });
const change = (run_id: string, json: object) =>
  succeeds<RunView>(200, `PATCH /v1/runs/${run_id}`, { key, json });
const idsOf = (nodes: readonly { node_id: string }[]) => nodes.map(({ node_id }) => node_id);
const usersOf = async (version_id: string) => {
  const found = await env.DATASET.getByName(data.id).inspected({ version_id });
  return found.ok ? found.value.used_by : [];
};

describe("a run", () => {
  it("is begun, ended, and found with what it used and made", async () => {
    const begun = await begin({
      inputs: [first, { dataset: "bearings", version: "clean" }],
      parameters: { learning_rate: 0.1, layers: [8, 8] },
      code_hash: "0c0de",
    });
    expect(begun).toMatchObject({
      status: "running",
      ended_at: null,
      code_hash: "0c0de",
      outputs: [],
    });
    expect(begun.inputs.map(({ label }) => label)).toEqual(["bearings@1", "bearings@2"]);
    const ended = await change(begun.run_id, {
      status: "succeeded",
      metrics: { accuracy: 0.97 },
      outputs: [{ model: "rater", version: 1 }],
    });
    expect(ended).toMatchObject({
      status: "succeeded",
      metrics: { accuracy: 0.97 },
      parameters: { learning_rate: 0.1, layers: [8, 8] },
    });
    expect(ended.outputs[0]).toMatchObject({ node_type: "model_version", label: "rater@1" });
    expect(Date.parse(ended.ended_at ?? "")).toBeGreaterThanOrEqual(
      Date.parse(ended.started_at ?? ""),
    );
    expect(await succeeds(200, `GET /v1/runs/${begun.run_id}`, { key })).toEqual(ended);
    const again = { key, json: { status: "failed" } };
    await refused("run_ended", `PATCH /v1/runs/${begun.run_id}`, again);
    const { metrics } = await change(begun.run_id, { metrics: { loss: 0.2 } });
    expect(metrics).toEqual({ accuracy: 0.97, loss: 0.2 });
  });

  it("is told of after it has ended, with its own times", async () => {
    const times = { started_at: "2026-11-20T10:00:00.000Z", ended_at: "2026-11-20T11:00:00.000Z" };
    const told = await begin({ ...times, status: "failed", outputs: [second] });
    expect(told).toMatchObject({ ...times, status: "failed" });
    expect(idsOf(told.outputs)).toEqual([second]);
    expect((await begin({ status: "created" })).started_at).toBeNull();
  });

  it("is begun once by the same request, and refused to another with its id", async () => {
    const run_id = newId("run");
    const order = { run_id, inputs: [first] };
    const both = await Promise.all(
      [1, 2].map(() =>
        succeeds<RunView>(
          expect.toSatisfy((code) => code === 200 || code === 201),
          "POST /v1/runs",
          {
            key,
            json: { name: "a run", ...order },
          },
        ),
      ),
    );
    expect(both[0]).toEqual(both[1]);
    expect(await begin(order, 200)).toEqual(both[0]);
    const other = { key, json: { name: "another", run_id, inputs: [first, second] } };
    await refused("run_id_taken", "POST /v1/runs", other);
    expect(await usersOf(first)).toContain(run_id);
    expect(await usersOf(second)).not.toContain(run_id);
  });

  it("keeps what it uses until it is deleted, which it is not while something came of it", async () => {
    const used = await data.add();
    const { run_id } = await begin({ inputs: [used], outputs: [{ model: "rater", version: 2 }] });
    expect(await usersOf(used)).toEqual([run_id]);
    const { body } = await refused("run_in_use", `DELETE /v1/runs/${run_id}`, { key });
    expect(body["outputs"]).toHaveLength(1);
    await succeeds(204, "DELETE /v1/models/rater/versions/2", { key });
    await expect
      .poll(() => succeeds<RunView>(200, `GET /v1/runs/${run_id}`, { key }))
      .toMatchObject({ outputs: [] });
    await succeeds(204, `DELETE /v1/runs/${run_id}`, { key });
    await refused("run_not_found", `DELETE /v1/runs/${run_id}`, { key });
    await refused("run_not_found", `GET /v1/runs/${run_id}`, { key });
    expect(await usersOf(used)).toEqual([]);
  });

  it("is refused for what is not there, and claims nothing", async () => {
    const post = (json: object) => ({ key, json: { name: "a run", ...json } });
    const missing = newId("dsv");
    const used = await data.add();
    await refused("dataset_version_not_found", "POST /v1/runs", post({ inputs: [used, missing] }));
    const none = { dataset: "none", version: "head" };
    await refused("dataset_not_found", "POST /v1/runs", post({ inputs: [used, none] }));
    const tag = { dataset: "bearings", version: "no-tag" };
    await refused("dataset_version_not_found", "POST /v1/runs", post({ inputs: [tag] }));
    const model = { model: "none", version: 1 };
    await refused("model_not_found", "POST /v1/runs", post({ inputs: [used], outputs: [model] }));
    const version = { model: "rater", version: 9 };
    await refused("version_not_found", "POST /v1/runs", post({ outputs: [version] }));
    const { body } = await refused(
      "lineage_cycle",
      "POST /v1/runs",
      post({ inputs: [used], outputs: [used] }),
    );
    expect(body["path"]).toHaveLength(3);
    expect(await usersOf(used)).toEqual([]);
    await refused("run_not_found", `PATCH /v1/runs/${newId("run")}`, { key, json: {} });
    await refused("invalid_request", "POST /v1/runs", post({ metrics: { loss: "NaN" } }));
    await refused("invalid_request", "POST /v1/runs", post({ status: "done" }));
  });

  it("is listed newest first, in pages, by name, status and what it used", async () => {
    const mine = await newKey();
    const theirs = await newDataset(mine.owner_id, "wines");
    const wine = await theirs.add();
    const send = { key: mine.key };
    const made: string[] = [];
    for (const json of [
      { name: "Grid 1", inputs: [wine] },
      { name: "grid 2", status: "failed" },
      { name: "other" },
    ])
      made.push((await succeeds<RunView>(201, "POST /v1/runs", { ...send, json })).run_id);
    const list = (query = "") =>
      succeeds<Page<RunSummary>>(200, `GET /v1/runs${query}`, send).then(
        ({ items, next_cursor }) => ({
          ids: items.map(({ run_id }) => run_id),
          next_cursor,
        }),
      );
    const newest = made.toReversed();
    expect(await list()).toEqual({ ids: newest, next_cursor: null });
    const page = await list("?limit=2");
    expect(page.ids).toEqual(newest.slice(0, 2));
    expect((await list(`?limit=2&cursor=${page.next_cursor}`)).ids).toEqual(newest.slice(2));
    expect((await list("?search=GRID")).ids).toEqual([made[1], made[0]]);
    expect((await list("?status=failed")).ids).toEqual([made[1]]);
    expect((await list(`?node=${wine}`)).ids).toEqual([made[0]]);
    await refused("invalid_request", "GET /v1/runs?cursor=x", send);
  });

  it("of somebody else is as missing, and so are versions of theirs", async () => {
    const { run_id } = await begin({});
    const other = await newKey();
    for (const [operation, json] of [
      [`GET /v1/runs/${run_id}`, undefined],
      [`PATCH /v1/runs/${run_id}`, { metrics: { a: 1 } }],
      [`DELETE /v1/runs/${run_id}`, undefined],
    ] as const)
      await refused("run_not_found", operation, { key: other.key, json });
    const theirs = { key: other.key, json: { name: "a run", inputs: [first] } };
    await refused("dataset_version_not_found", "POST /v1/runs", theirs);
    const named = { dataset: "bearings", version: "head" };
    const byName = { key: other.key, json: { name: "a run", inputs: [named] } };
    await refused("dataset_not_found", "POST /v1/runs", byName);
  });
});

describe("the data of a model's version", () => {
  const name = (version: number, json: object, status = 200) =>
    succeeds<ModelDataView>(status, `PUT /v1/models/rater/versions/${version}/data`, { key, json });

  it("is what was named last, kept from deletion, and let go with the version", async () => {
    const [a, b, c] = [await data.add(), await data.add(), await data.add()];
    const { run_id } = await begin({ inputs: [a] });
    const named = await name(3, { dataset_versions: [a, b], run_id });
    expect(named).toMatchObject({ dataset_versions: [a, b], runs: [run_id] });
    expect(await usersOf(b)).toEqual([named.node_id]);
    const again = await name(3, { dataset_versions: [b, c] });
    expect(again).toMatchObject({ dataset_versions: [b, c], runs: [run_id] });
    expect(await usersOf(a)).toEqual([run_id]);
    const path = `GET /v1/lineage/${encodeURIComponent(named.node_id)}`;
    const node = await succeeds<LineageNodeView>(200, path, { key });
    expect(node).toMatchObject({ label: "rater@3", metadata: { model: "rater", version: 3 } });
    await succeeds(204, "DELETE /v1/models/rater/versions/3", { key });
    await expect.poll(() => Promise.all([usersOf(b), usersOf(c)])).toEqual([[], []]);
    await refused("lineage_node_not_found", path, { key });
  });

  it("cannot come from what it made, and a refusal lets go of what it claimed", async () => {
    const [used, made] = [await data.add(), await data.add()];
    await name(1, { dataset_versions: [used] });
    await begin({ inputs: [used], outputs: [{ model: "rater", version: 1 }] });
    const node = await name(1, { dataset_versions: [used] });
    const json = { name: "scoring", outputs: [made] };
    const { run_id } = await succeeds<RunView>(201, "POST /v1/runs", { key, json });
    await succeeds(200, "POST /api/v1/lineage", {
      key,
      json: {
        eventTime: "2026-11-21T09:30:00Z",
        producer: "https://example.com",
        run: { runId: uuidOf(run_id) },
        job: { namespace: "jobs", name: "scoring" },
        inputs: [
          {
            namespace: "linnet",
            name: "models/rater",
            facets: { version: { datasetVersion: "1" } },
          },
        ],
      },
    });
    const back = { key, json: { dataset_versions: [used, made] } };
    await refused("lineage_cycle", "PUT /v1/models/rater/versions/1/data", back);
    expect(await usersOf(made)).toEqual([]);
    expect(await usersOf(used)).toContain(node.node_id);
  });

  it("is refused for what is not there", async () => {
    const put = (json: object, path = "rater/versions/1") =>
      [`PUT /v1/models/${path}/data`, { key, json }] as const;
    await refused("model_not_found", ...put({ dataset_versions: [first] }, "none/versions/1"));
    await refused("version_not_found", ...put({ dataset_versions: [first] }, "rater/versions/9"));
    await refused("dataset_version_not_found", ...put({ dataset_versions: [newId("dsv")] }));
    await refused("run_not_found", ...put({ run_id: newId("run") }));
  });
});
