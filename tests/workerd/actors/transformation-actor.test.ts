import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createDataset, objectsOf } from "../support/dataset-actor.ts";
import { valueOf } from "../support/granted.ts";
import { alarmOf, owedBy } from "../support/outage.ts";
import { serialId } from "../support/serial-id.ts";
import { createTransformation, TABLE, target } from "../support/transformation-actor.ts";

const NOW = Date.UTC(2031, 0, 1, 12);
/** What the actor has when it does nothing. */
const OWN_TABLES = ["effect", "schema_step"];
const KEPT = `id,x,group\n${TABLE.split("\n").slice(41).join("\n")}`;

// No alarm comes by itself: all of them are years away.
beforeEach(() => void vi.setSystemTime(NOW));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("a transformation", () => {
  it("makes a version that says what made it, and the directory follows", async () => {
    const made = await createTransformation();
    expect(await made.begin()).toMatchObject({ status: "queued", made: [] });
    expect(await alarmOf(made.actor)).toBe(NOW);
    expect(await made.finish()).toBe(1);
    const details = await made.describe();
    expect(details).toMatchObject({
      status: "succeeded",
      attempts: 1,
      rows_read: 60,
      rows_written: 20,
      error: null,
      ended_at: NOW,
      made: [{ output: null, version_number: 2, row_count: 20, created: true, matches: null }],
    });
    expect(await made.dataset.read({ version_number: 2 })).toBe(KEPT);
    const record = valueOf(await made.dataset.dataset.find({ version_number: 2 }));
    expect(record).toMatchObject({
      message: "made",
      created_by: "key_transformer",
      parent_version_ids: [made.source?.version_id],
      transformation: {
        transformation_id: made.definition.transformation_id,
        transformation_type: "filter",
        source_version_ids: [made.source?.version_id],
        parameters: { where: "x >= 40" },
        output: null,
        code_hash: details.code_hash,
        executable: true,
      },
    });
    expect(details.code_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await made.listed()).toMatchObject({ status: "succeeded", ended_at: NOW });
    expect(await owedBy(made.actor)).toEqual([]);
    expect(await made.tables()).toEqual(OWN_TABLES);
  });

  it("writes each part of a split as a version of its own, in the dataset that was named", async () => {
    const other = await createDataset();
    const made = await createTransformation({
      transformation_type: "split",
      parameters: {
        parts: [
          { name: "train", fraction: 0.5 },
          { name: "test", fraction: 0.5 },
        ],
      },
    });
    made.definition.targets = [
      target(made.dataset.dataset_id, "train"),
      target(other.dataset_id, "test"),
    ];
    await made.begin();
    await made.finish();
    const details = await made.describe();
    expect(details).toMatchObject({ status: "succeeded", rows_read: 120, rows_written: 60 });
    const lines = async (of: typeof other, tag: string) =>
      (await of.read({ tag })).trim().split("\n").slice(1);
    const parts = [...(await lines(made.dataset, "train")), ...(await lines(other, "test"))];
    expect(parts.toSorted()).toEqual(TABLE.trim().split("\n").slice(1).toSorted());
    expect(valueOf(await other.dataset.find({})).transformation).toMatchObject({ output: "test" });
  });

  it("stores what was fitted with the version, and gives the same again from that", async () => {
    const made = await createTransformation({
      transformation_type: "normalization",
      parameters: { columns: ["x"], method: "robust" },
    });
    await made.begin();
    await made.finish();
    const {
      fitted_parameters,
      made: [first],
    } = await made.describe();
    expect(fitted_parameters).toMatchObject({
      fitted: [{ column: "x", centre: 30, scale: 29.5 }],
    });
    const again = await createTransformation(
      {
        transformation_type: "normalization",
        parameters: fitted_parameters ?? {},
        sources: made.definition.sources,
      },
      made.dataset,
    );
    again.definition.targets = [target(made.dataset.dataset_id)];
    await again.begin();
    await again.finish();
    expect((await again.describe()).made).toMatchObject([
      { version_id: first?.version_id, content_hash: first?.content_hash, created: false },
    ]);
  });

  it("that nobody began is none", async () => {
    const { actor } = await createTransformation();
    expect(await actor.describe()).toMatchObject({ error: { code: "transformation_not_found" } });
    expect(await actor.cancel()).toMatchObject({ error: { code: "transformation_not_found" } });
  });

  it("that is begun twice, by two at once, is the one that was begun first", async () => {
    const made = await createTransformation();
    await Promise.all([made.begin(), made.begin()]);
    await made.finish();
    expect(await made.begin()).toMatchObject({ status: "succeeded" });
    await runDurableObjectAlarm(made.actor);
    expect(valueOf(await made.dataset.dataset.describe()).versions).toBe(2);
    expect((await made.describe()).attempts).toBe(1);
  });
});

describe("a transformation that is refused", () => {
  it.each([
    [{ where: "no_such_column > 1" }, "transformation_invalid", "parameters.where"],
    [{ where: "id > 'text'" }, "transformation_invalid", "parameters.where"],
  ])("says why, and leaves nothing: %o", async (parameters, code, field) => {
    const made = await createTransformation({ parameters });
    const before = await objectsOf(made.dataset.dataset_id);
    await made.begin();
    expect(await made.finish()).toBe(1);
    expect(await made.describe()).toMatchObject({
      status: "failed",
      error: { code: "data", problem: { code, field } },
    });
    expect(await objectsOf(made.dataset.dataset_id)).toEqual(before);
    expect(await made.tables()).toEqual(OWN_TABLES);
    expect(await made.listed()).toMatchObject({ status: "failed" });
  });

  it("by the dataset that it is for, as that is archived or its columns may not follow", async () => {
    const archived = await createTransformation();
    valueOf(await archived.dataset.dataset.archive(true));
    await archived.begin();
    await archived.finish();
    expect(await archived.describe()).toMatchObject({
      status: "failed",
      error: { code: "dataset", refusal: { code: "dataset_archived" } },
    });
    const changed = await createTransformation({
      transformation_type: "map",
      parameters: { set: [{ name: "id", expression: "cast(id as text)" }] },
    });
    await changed.begin();
    await changed.finish();
    expect(await changed.describe()).toMatchObject({
      status: "failed",
      error: {
        code: "dataset",
        refusal: { code: "data_refused", problem: { code: "schema_incompatible" } },
      },
    });
  });

  it("since a source is gone", async () => {
    const made = await createTransformation();
    made.definition.sources = [
      { dataset_id: made.dataset.dataset_id, version_id: serialId("dsv") },
    ];
    await made.begin();
    await made.finish();
    expect(await made.describe()).toMatchObject({
      status: "failed",
      error: { code: "dataset", refusal: { code: "dataset_version_not_found" } },
    });
  });
});

describe("a transformation of what another makes", () => {
  const chained = async (parameters: object) => {
    const first = await createTransformation({ parameters });
    const { transformation_id } = first.definition;
    const second = await createTransformation(
      {
        transformation_type: "sample",
        parameters: { n: 5 },
        sources: [{ transformation_id, output: null }],
      },
      first.dataset,
    );
    await first.begin();
    await second.begin();
    return { first, second };
  };

  it("waits for it, and then takes its version", async () => {
    const { first, second } = await chained({ where: "x >= 40" });
    await runDurableObjectAlarm(second.actor);
    expect(await second.describe()).toMatchObject({ status: "queued", attempts: 0 });
    expect(await alarmOf(second.actor)).toBe(NOW + 1_000);
    await first.finish();
    vi.setSystemTime(NOW + 1_000);
    await second.finish();
    const [source] = (await first.describe()).made;
    expect(await second.describe()).toMatchObject({
      status: "succeeded",
      sources: [{ version_id: source?.version_id }],
      made: [{ row_count: 5 }],
    });
  });

  it("fails with it", async () => {
    const { first, second } = await chained({ where: "nothing" });
    await first.finish();
    await second.finish();
    expect(await second.describe()).toMatchObject({
      status: "failed",
      error: { code: "source_failed", transformation_id: first.definition.transformation_id },
    });
  });
});

describe("a transformation that only compares", () => {
  it("says whether the same bytes come out, and keeps nothing", async () => {
    const made = await createTransformation();
    await made.begin();
    await made.finish();
    const before = await objectsOf(made.dataset.dataset_id);
    const [version] = (await made.describe()).made;
    for (const [where, matches] of [
      ["x >= 40", true],
      ["x >= 39", false],
    ] as const) {
      const check = await createTransformation(
        { parameters: { where }, sources: made.definition.sources },
        made.dataset,
      );
      const expected_content_hash = version?.content_hash ?? "";
      check.definition.targets = [{ ...target(made.dataset.dataset_id), expected_content_hash }];
      await check.begin();
      await check.finish();
      expect(await check.describe()).toMatchObject({
        status: "succeeded",
        made: [{ matches, version_id: null, created: false }],
      });
    }
    expect(await objectsOf(made.dataset.dataset_id)).toEqual(before);
    expect(valueOf(await made.dataset.dataset.describe()).versions).toBe(2);
  });
});
