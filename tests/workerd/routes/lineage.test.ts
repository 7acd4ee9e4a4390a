import { beforeAll, describe, expect, it, vi } from "vitest";
import type { ExperimentView } from "../../../contract/experiment.ts";
import type {
  ChainView,
  CommonAncestorsView,
  CyclesView,
  ImpactView,
  LineageNodeView,
  TraceView,
} from "../../../contract/lineage.ts";
import type { OpenLineageAnswer, OpenLineageEvents } from "../../../contract/openlineage.ts";
import type { RunView } from "../../../contract/run.ts";
import { uuidOf } from "../../../domain/lineage/openlineage/run-uuid.ts";
import { newId } from "../../../workers/api/http/ids.ts";
import { newDataset } from "../support/dataset-versions.ts";
import { newExperiment, newModel } from "../support/model-fixtures.ts";
import { during } from "../support/outage.ts";
import { call, newKey, refused, succeeds } from "../support/platform.ts";

/** Somebody with raw data, a part of it, a run over the part, a model and an experiment. */
async function newStory() {
  const { key, owner_id } = await newKey();
  const data = await newDataset(owner_id, "bearings");
  const raw = await data.add();
  const transformation_id = newId("trn");
  const transformation = {
    transformation_id,
    transformation_type: "filter" as const,
    source_version_ids: [raw],
    parameters: { where: "x > 0" },
    output: null,
    code_hash: "c0de",
    executable: true,
    executed_at: Date.now(),
  };
  const part = await data.add({ transformation, parent_version_ids: [raw] });
  const { id: model_id } = await newModel(key, "rater");
  const json = {
    name: "fit",
    inputs: [part],
    outputs: [{ model: "rater", version: 1 }],
    status: "succeeded",
    parameters: { depth: 3 },
    metrics: { accuracy: 0.9 },
  };
  const { run_id } = await succeeds<RunView>(201, "POST /v1/runs", { key, json });
  const experiment: ExperimentView = await newExperiment(key, "rater");
  const get = <Body>(path: string) => succeeds<Body>(200, `GET /v1/lineage/${path}`, { key });
  await vi.waitFor(() => get(experiment.id));
  return { key, raw, transformation_id, part, model: `${model_id}@1`, run_id, experiment, get };
}
let story: Awaited<ReturnType<typeof newStory>>;
beforeAll(async () => {
  story = await newStory();
});

const idsOf = (nodes: readonly { node_id: string }[]) => nodes.map(({ node_id }) => node_id);

describe("lineage", () => {
  it("leads from an experiment to the data that its models were made from", async () => {
    const { get, experiment, model, run_id, part, transformation_id, raw } = story;
    const trace = await get<TraceView>(`${experiment.id}/upstream`);
    const names = new Map(trace.nodes.map(({ node_id, depth }) => [node_id, depth]));
    expect(names.get(model)).toBe(1);
    expect([run_id, part, transformation_id, raw].map((id) => names.get(id))).toEqual([2, 3, 4, 5]);
    expect(trace).toMatchObject({ truncated: false, why: null, next_cursor: null });
    const near = await get<TraceView>(`${experiment.id}/upstream?depth=2`);
    expect([near.truncated, near.why]).toEqual([true, "depth"]);
    const data = await get<TraceView>(`${experiment.id}/upstream?kinds=dataset_version,run`);
    expect(idsOf(data.nodes)).toEqual([run_id, part, raw]);
  });

  it("is read in pages", async () => {
    const { get, raw } = story;
    const whole = await get<TraceView>(`${raw}/downstream`);
    const ids: string[] = [];
    for (let cursor: string | null = "0"; cursor !== null;) {
      const page: TraceView = await get(`${raw}/downstream?limit=2&cursor=${cursor}`);
      expect(page.nodes.length).toBeLessThanOrEqual(2);
      ids.push(...idsOf(page.nodes));
      cursor = page.next_cursor;
    }
    expect(ids).toEqual(idsOf(whole.nodes));
  });

  it("is a picture for those who ask for one", async () => {
    const { key, experiment, raw } = story;
    const asked = await call(`GET /v1/lineage/${experiment.id}/upstream?as=svg`, { key });
    expect(asked.headers.get("content-type")).toContain("image/svg+xml");
    expect(asked.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(String(asked.body)).toContain("bearings@2");
    const headers = { accept: "image/svg+xml" };
    const accepted = await call(`GET /v1/lineage/${raw}/downstream`, { key, headers });
    expect(String(accepted.body)).toMatch(/^<svg [^]*What came of bearings@1/);
    const json = await call(`GET /v1/lineage/${raw}/downstream?as=json`, { key, headers });
    expect(json.body).toHaveProperty("nodes");
  });

  it("is a chain, and has common ancestors", async () => {
    const { get, model, run_id, part, transformation_id, raw } = story;
    const chain = await get<ChainView>(`${encodeURIComponent(model)}/chain`);
    const ids = idsOf(chain.nodes);
    expect([ids[0], ids.at(-1)]).toEqual([raw, model]);
    for (const { from, to } of chain.edges) expect(ids.indexOf(from)).toBeLessThan(ids.indexOf(to));
    expect(ids).toEqual([raw, transformation_id, part, run_id, model]);
    const shared = await get<CommonAncestorsView>(`common-ancestors?a=${run_id}&b=${part}`);
    expect(shared.ancestors[0]).toMatchObject({ node_id: part, distance_a: 1, distance_b: 0 });
    expect(idsOf(shared.ancestors)).toEqual([part, transformation_id, raw]);
  });

  it("says what must be made again, and whether withdrawn rows are certain to be in it", async () => {
    const { key, raw, part, model, run_id, experiment } = story;
    const impact = (json: object) =>
      succeeds<ImpactView>(200, "POST /v1/lineage/impact", { key, json });
    const all = await impact({ version_ids: [raw] });
    expect(idsOf(all.affected)).toEqual([run_id, model, experiment.id]);
    expect(all.counts).toEqual({ run: 1, model_version: 1, experiment: 1 });
    expect(all.affected.map(({ certain }) => certain)).toEqual([true, true, true]);
    expect(all.affected[0]?.path.at(0)).toBe(raw);
    const rows = await impact({ version_id: raw, rows: [3, 4] });
    expect(rows.affected.map(({ certain }) => certain)).toEqual([false, false, false]);
    const direct = await impact({ version_id: part, rows: [0] });
    expect(direct.affected.map(({ certain }) => certain)).toEqual([true, true, true]);
    const both = { version_ids: [raw], version_id: raw };
    await refused("invalid_request", "POST /v1/lineage/impact", { key, json: both });
  });

  it("has no experiment that was deleted", async () => {
    const { key } = await newStory().then(async ({ key, experiment }) => {
      await succeeds(204, `DELETE /v1/experiments/${experiment.id}`, { key });
      await expect
        .poll(async () => (await call(`GET /v1/lineage/${experiment.id}`, { key })).status)
        .toBe(404);
      return { key };
    });
    expect(await succeeds(200, "GET /v1/lineage/cycles", { key })).toMatchObject({ cycles: [] });
  });

  it("of an experiment whose creation could not tell of it does not fail the creation, and follows", async () => {
    const { key } = await newKey();
    await newModel(key, "rater");
    const { id } = await during("lineage", async () => {
      const made = await newExperiment(key, "rater");
      await scheduler.wait(20);
      return made;
    });
    expect(await succeeds(200, `GET /v1/experiments/${id}`, { key })).toMatchObject({ id });
    await expect
      .poll(async () => (await call(`GET /v1/lineage/${id}`, { key })).status, { timeout: 5_000 })
      .toBe(200);
  });

  it("of somebody else is as missing", async () => {
    const { key } = await newKey();
    const { raw, model, run_id, experiment } = story;
    for (const id of [raw, encodeURIComponent(model), run_id, experiment.id])
      for (const path of [id, `${id}/upstream`, `${id}/downstream`, `${id}/chain`])
        await refused("lineage_node_not_found", `GET /v1/lineage/${path}`, { key });
    await refused("lineage_node_not_found", `GET /v1/lineage/common-ancestors?a=${raw}&b=${raw}`, {
      key,
    });
    const json = { version_ids: [raw] };
    await refused("lineage_node_not_found", "POST /v1/lineage/impact", { key, json });
    await refused("lineage_node_not_found", `GET /v1/lineage/openlineage?node=${raw}`, { key });
  });

  it("refuses a question that is none", async () => {
    const { key, raw } = story;
    for (const query of [
      "depth=0",
      "depth=101",
      "limit=1001",
      "kinds=model",
      "cursor=-1",
      "as=png",
    ])
      await refused("invalid_request", `GET /v1/lineage/${raw}/upstream?${query}`, { key });
    await refused("invalid_request", "GET /v1/lineage/common-ancestors?a=x", { key });
  });
});

const RUN = "3b452093-782c-4ef2-9c0c-aafe2aa6f34d";
const EVENT = {
  eventTime: "2026-11-21T09:30:00.000Z",
  eventType: "COMPLETE",
  producer: "https://example.com/scheduler",
  schemaURL: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
  run: { runId: RUN, facets: {} },
  job: { namespace: "nightly", name: "load" },
};

describe("OpenLineage", () => {
  it.each(["v1/lineage/openlineage", "api/v1/lineage", "api/v1/lineage/batch"])(
    "is taken in at /%s, one event or many",
    async (path) => {
      const { key } = await newKey();
      const outputs = [{ namespace: "s3://bucket", name: "a/b.parquet" }];
      const one = { key, json: { ...EVENT, outputs } };
      const taken = await succeeds<OpenLineageAnswer>(200, `POST /${path}`, one);
      expect(taken).toMatchObject({ status: "success", summary: { received: 1, successful: 1 } });
      const many = {
        key,
        json: [
          { ...EVENT, eventType: "START" },
          { ...EVENT, inputs: outputs },
        ],
      };
      expect(await succeeds(200, `POST /${path}`, many)).toMatchObject({
        summary: { received: 2 },
      });
      const id = encodeURIComponent("ds:s3:%2F%2Fbucket/a/b.parquet");
      const node = await succeeds<LineageNodeView>(200, `GET /v1/lineage/${id}`, { key });
      expect(node).toMatchObject({ label: "a/b.parquet", node_type: "external_dataset" });
      const { cycles } = await succeeds<CyclesView>(200, "GET /v1/lineage/cycles", { key });
      expect(cycles).toHaveLength(1);
      const upstream = `GET /v1/lineage/${encodeURIComponent("job:nightly/load")}/downstream`;
      expect((await succeeds<TraceView>(200, upstream, { key })).nodes).toHaveLength(3);
    },
  );

  it("keeps the good events of a batch and names the others", async () => {
    const { key } = await newKey();
    const json = [EVENT, { ...EVENT, eventType: "DONE" }, 7];
    const taken = await succeeds<OpenLineageAnswer>(200, "POST /api/v1/lineage", { key, json });
    expect(taken).toMatchObject({
      status: "partial_success",
      summary: { received: 3, successful: 1, failed: 2, non_retriable: 2 },
      failed_events: [
        { index: 1, pointer: "#/eventType", retriable: false },
        { index: 2, pointer: "#" },
      ],
    });
    const { body } = await refused("openlineage_invalid", "POST /api/v1/lineage", {
      key,
      json: { ...EVENT, job: undefined },
    });
    expect(body).toMatchObject({ errors: [{ pointer: "#/job" }] });
    await refused("openlineage_invalid", "POST /api/v1/lineage", { key, json: json.slice(1) });
    await refused("invalid_request", "POST /api/v1/lineage", { key, json: [] });
  });

  it("that names a version of Linnet's keeps that from being deleted", async () => {
    const { key, owner_id } = await newKey();
    const data = await newDataset(owner_id, "wines");
    const version_id = await data.add();
    const version = { version: { datasetVersion: "1" } };
    const inputs = [{ namespace: "linnet", name: "wines", facets: version }];
    await succeeds(200, "POST /api/v1/lineage", { key, json: { ...EVENT, inputs } });
    const found = await data.open().inspected({ version_id });
    const [run] = found.ok ? found.value.used_by : [];
    const view = await succeeds<RunView>(200, `GET /v1/runs/${run}`, { key });
    expect(view).toMatchObject({
      name: "load",
      status: "succeeded",
      openlineage_run_id: RUN,
      created_by: EVENT.producer,
      job: { namespace: "nightly", name: "load" },
    });
    expect(idsOf(view.inputs)).toEqual([version_id]);
  });

  it("is given out for a node and all that it was made from, and can be taken in elsewhere", async () => {
    const { get, model, run_id, transformation_id } = story;
    const told = await get<OpenLineageEvents>(`openlineage?node=${encodeURIComponent(model)}`);
    expect(told.truncated).toBe(false);
    expect(told.events.map(({ run, eventType }) => [run?.runId, eventType])).toEqual([
      [uuidOf(transformation_id), "COMPLETE"],
      [uuidOf(run_id), "START"],
      [uuidOf(run_id), "COMPLETE"],
    ]);
    expect(told.events[2]?.run?.facets).toMatchObject({
      linnet_hyperparameters: { parameters: { depth: 3 } },
      linnet_evaluation: { metrics: { accuracy: 0.9 } },
    });
    const { key } = await newKey();
    const taken = await succeeds<OpenLineageAnswer>(200, "POST /api/v1/lineage", {
      key,
      json: told.events,
    });
    expect(taken.summary).toMatchObject({ received: 3, failed: 0 });
    const run = await succeeds<RunView>(200, `GET /v1/runs/${run_id}`, { key });
    expect(run).toMatchObject({
      status: "succeeded",
      parameters: { depth: 3 },
      metrics: { accuracy: 0.9 },
    });
    const chain = await succeeds<ChainView>(200, `GET /v1/lineage/${run_id}/chain`, { key });
    expect(chain.nodes.map(({ node_type }) => node_type)).toContain("external_dataset");
  });
});
