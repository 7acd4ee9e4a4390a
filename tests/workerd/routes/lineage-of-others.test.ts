import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { GroupSummary } from "../../../contract/group.ts";
import type { ImpactView, LineageNodeView, TraceView } from "../../../contract/lineage.ts";
import type { RunView } from "../../../contract/run.ts";
import { newId } from "../../../workers/api/http/ids.ts";
import { newDataset } from "../support/dataset-versions.ts";
import { newModel } from "../support/model-fixtures.ts";
import { call, newKey, refused, succeeds } from "../support/platform.ts";

/** A's raw data and a filtered part of it, both of one dataset that B may read; B trains on them. */
async function newStory() {
  const [a, b, stranger] = [await newKey(), await newKey(), await newKey()];
  const data = await newDataset(a.owner_id, "bearings");
  const raw = await data.add();
  const transformation_id = newId("trn");
  const part = await data.add({
    parent_version_ids: [raw],
    transformation: {
      transformation_id,
      transformation_type: "filter",
      source_version_ids: [raw],
      parameters: { where: "x > 0" },
      output: null,
      code_hash: "c0de",
      executable: true,
      executed_at: Date.now(),
    },
  });
  const name = `group-${newId("grp").slice(-12)}`;
  const group = await succeeds<GroupSummary>(201, "POST /v1/groups", {
    key: a.key,
    json: { name },
  });
  await succeeds(200, `PUT /v1/groups/${group.id}/members/${b.owner_id}`, { key: a.key });
  const access_groups = [{ group: group.id, role: "read" }];
  await succeeds(200, `PATCH /v1/datasets/${data.id}`, { key: a.key, json: { access_groups } });
  const begin = (key: string, json: object) =>
    succeeds<RunView>(201, "POST /v1/runs", { key, json: { name: "secret plans", ...json } });
  const own = await begin(a.key, { name: "fit", inputs: [part] });
  const theirs = await begin(b.key, { inputs: [part], parameters: { secret: 1 } });
  const { id: model_id } = await newModel(b.key, "secret-model");
  const json = { dataset_versions: [raw] };
  await succeeds(200, "PUT /v1/models/secret-model/versions/1/data", { key: b.key, json });
  const copy = await newDataset(b.owner_id, "secret-copy");
  const derived = await copy.add({ parent_version_ids: [raw] });
  const model = `${model_id}@1`;
  return { a, b, stranger, data, raw, part, own, theirs, model, derived, transformation_id };
}
let story: Awaited<ReturnType<typeof newStory>>;
beforeAll(async () => {
  story = await newStory();
});

const impact = (key: string, json: object) =>
  succeeds<ImpactView>(200, "POST /v1/lineage/impact", { key, json });
const downstream = (key: string, path: string) =>
  succeeds<TraceView>(200, `GET /v1/lineage/${path}`, { key });

describe("what others make of a dataset that is shared with them", () => {
  it("is in the impact of its versions, by id and kind and nothing more", async () => {
    const { a, raw, part, own, theirs, model, derived, transformation_id } = story;
    const all = await impact(a.key, { version_ids: [raw] });
    expect(all.affected.map(({ node_id }) => node_id)).toEqual([own.run_id]);
    expect(all.counts).toEqual({ run: 1, model_version: 0, experiment: 0 });
    const direct = [
      { node_id: derived, node_type: "dataset_version", path: [raw, derived], certain: true },
      { node_id: model, node_type: "model_version", path: [raw, model], certain: true },
    ];
    const way = [raw, transformation_id, part, theirs.run_id];
    const run = { node_id: theirs.run_id, node_type: "run", path: way, certain: true };
    expect(all.used_by_others).toEqual([...direct, run]);
    expect(JSON.stringify(all.used_by_others)).not.toContain("secret");
    const rows = await impact(a.key, { version_id: raw, rows: [0] });
    expect(rows.used_by_others.map(({ certain }) => certain)).toEqual([false, true, false]);
    const late = await impact(a.key, { version_id: part, rows: [0] });
    expect(late.used_by_others).toEqual([{ ...run, path: [part, theirs.run_id] }]);
  });

  it("is beside what came of a version, page by page, by kind, and in the picture", async () => {
    const { a, raw, part, theirs, model, derived } = story;
    const whole = await downstream(a.key, `${raw}/downstream`);
    const uses = [
      { node_id: derived, node_type: "dataset_version", version_id: raw },
      { node_id: model, node_type: "model_version", version_id: raw },
      { node_id: theirs.run_id, node_type: "run", version_id: part },
    ];
    expect(whole.used_by_others).toEqual(uses);
    expect(whole.nodes.map(({ node_id }) => node_id)).not.toContain(theirs.run_id);
    const first = await downstream(a.key, `${raw}/downstream?limit=1`);
    expect(first.used_by_others).toEqual(uses.slice(0, 2));
    const kinds = await downstream(a.key, `${raw}/downstream?kinds=run,dataset_version`);
    expect(kinds.used_by_others).toEqual([uses[0], uses[2]]);
    expect((await downstream(a.key, `${part}/upstream`)).used_by_others).toEqual([]);
    const picture = await call(`GET /v1/lineage/${raw}/downstream?as=svg`, { key: a.key });
    expect(String(picture.body)).toContain("somebody else&#39;s, run");
    expect(String(picture.body)).not.toContain("secret");
  });

  it("is theirs: nobody else reads it, and who only uses the data sees nothing of others", async () => {
    const { a, b, stranger, part, theirs, own } = story;
    await refused("lineage_node_not_found", `GET /v1/lineage/${theirs.run_id}`, { key: a.key });
    await refused("run_not_found", `GET /v1/runs/${theirs.run_id}`, { key: a.key });
    const json = { version_ids: [part] };
    const { used_by_others, affected } = await impact(b.key, json);
    expect([used_by_others, affected.map(({ node_id }) => node_id)]).toEqual([[], [theirs.run_id]]);
    expect((await downstream(b.key, `${part}/downstream`)).used_by_others).toEqual([]);
    await refused("lineage_node_not_found", `GET /v1/lineage/${own.run_id}`, { key: b.key });
    const asked = { key: stranger.key, json };
    await refused("lineage_node_not_found", "POST /v1/lineage/impact", asked);
    const path = `GET /v1/lineage/${part}/downstream`;
    await refused("lineage_node_not_found", path, { key: stranger.key });
    // A stranger whose own graph names the version by an event is told nothing of it either.
    const event = {
      eventTime: "2026-11-21T09:30:00Z",
      producer: "https://example.com",
      run: { runId: "3b452093-782c-4ef2-9c0c-aafe2aa6f34d" },
      job: { namespace: "jobs", name: "spy" },
      inputs: [{ namespace: "linnet", name: part }],
    };
    await succeeds(200, "POST /v1/lineage/openlineage", { key: stranger.key, json: event });
    await refused("lineage_node_not_found", path, { key: stranger.key });
    const outside = encodeURIComponent(`ds:linnet/${part}`);
    const seen = await downstream(stranger.key, `${outside}/downstream`);
    expect([seen.nodes.length, seen.used_by_others]).toEqual([2, []]);
  });

  it("ends with its use, and is told of claims from before owners were noted", async () => {
    const { a, b, data } = story;
    const version = await data.add();
    const inputs = { inputs: [version], name: "a run" };
    const theirs = await succeeds<RunView>(201, "POST /v1/runs", { key: b.key, json: inputs });
    const mine = await succeeds<RunView>(201, "POST /v1/runs", { key: a.key, json: inputs });
    await runInDurableObject(env.DATASET.getByName(data.id), (_, { storage }) => {
      storage.sql.exec("UPDATE claim SET owner_id = ''");
    });
    const usersOf = async () =>
      (await impact(a.key, { version_ids: [version] })).used_by_others.map(
        ({ node_id }) => node_id,
      );
    expect(await usersOf()).toEqual([theirs.run_id]);
    await succeeds(204, `DELETE /v1/runs/${theirs.run_id}`, { key: b.key });
    expect(await usersOf()).toEqual([]);
    await succeeds(204, `DELETE /v1/runs/${mine.run_id}`, { key: a.key });
  });
});

describe("a dataset that gets another name", () => {
  it("has it on the nodes of all its versions", async () => {
    const { key, owner_id } = await newKey();
    const data = await newDataset(owner_id, "before");
    const [first, second] = [await data.add(), await data.add()];
    const labelOf = async (id: string) => {
      const node = await succeeds<LineageNodeView>(200, `GET /v1/lineage/${id}`, { key });
      return [node.label, node.metadata["dataset"], node.metadata["row_count"]];
    };
    expect(await labelOf(first)).toEqual(["before@1", "before", 1]);
    await succeeds(200, "PATCH /v1/datasets/before", { key, json: { name: "after" } });
    expect(await labelOf(first)).toEqual(["after@1", "after", 1]);
    expect(await labelOf(second)).toEqual(["after@2", "after", 1]);
  });
});
