import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findDataset, findVersion } from "../../../database/datasets.ts";
import { openDirectory } from "../../../database/directory.ts";
import { UploadStore } from "../../../durable-objects/dataset/upload-store.ts";
import { createDataset, objectsOf, tableOf } from "../support/dataset-actor.ts";
import { valueOf } from "../support/granted.ts";
import { serialId } from "../support/serial-id.ts";

afterEach(() => void vi.useRealTimers());

describe("a version", () => {
  it("is read back as it was, and its number, size and columns are known", async () => {
    const { dataset, added, read } = await createDataset();
    const text = tableOf("ab");
    const version = await added(text, { message: "two blocks", tags: ["first"] });
    expect(version).toMatchObject({
      version_number: 1,
      row_count: 5_000,
      size_bytes: text.length,
      new_bytes: text.length,
      message: "two blocks",
      tags: ["first"],
    });
    for (const selector of [{}, { version_number: 1 }, { tag: "first" }, version])
      expect(await read({ ...selector })).toBe(text);
    const { inspection } = valueOf(await dataset.inspected({}));
    expect(inspection.schema?.fields.map(({ name, type }) => [name, type])).toEqual([
      ["name", "string"],
      ["share", "float64"],
      ["count", "int64"],
    ]);
  });

  it("shares the bytes that another has", async () => {
    const { added, dataset } = await createDataset();
    const whole = tableOf("abcd");
    await added(whole);
    const more = await added(tableOf("abcde"));
    expect(more.new_bytes).toBeLessThan(whole.length / 2);
    const { stored_bytes } = valueOf(await dataset.describe());
    expect(stored_bytes).toBe(whole.length + more.new_bytes);
  });

  it("of a content that was there becomes the head again, and times tell which was when", async () => {
    const { added, dataset, push } = await createDataset();
    const first = await added(tableOf("a"));
    const second = await added(tableOf("b"));
    const again = valueOf(await push(tableOf("a")));
    expect(again).toMatchObject({ created: false, version: { version_id: first.version_id } });
    expect(valueOf(await dataset.find({})).version_number).toBe(1);
    expect(valueOf(await dataset.find({ as_of: second.created_at })).version_number).toBe(2);
    expect(valueOf(await dataset.find({ as_of: first.created_at })).version_number).toBe(1);
    expect(await dataset.find({ as_of: first.created_at - 1 })).toMatchObject({
      error: { code: "dataset_version_not_found" },
    });
  });

  it("is refused where its columns may not follow those before, and leaves nothing", async () => {
    const { added, push, dataset, dataset_id } = await createDataset();
    await added("id,kind\n1,a\n");
    const before = await objectsOf(dataset_id);
    expect(await push("id,kind\nx,a\n")).toMatchObject({
      error: { code: "data_refused", problem: { code: "schema_incompatible", field: "id" } },
    });
    await runDurableObjectAlarm(dataset);
    expect(await objectsOf(dataset_id)).toEqual(before);
    expect(valueOf(await dataset.describe())).toMatchObject({ versions: 1 });
  });
});

describe("writers at once", () => {
  it("fifty get numbers without a gap, and each of their versions is readable", async () => {
    const { push, read, dataset } = await createDataset();
    const texts = Array.from({ length: 50 }, (_, at) => `id,value\n${at},${at * at}\n`);
    const replies = await Promise.all(texts.map((text) => push(text)));
    const numbers = replies.map((reply) => valueOf(reply).version.version_number);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(texts.map((_, at) => at + 1));
    for (const [at, number] of numbers.entries())
      expect(await read({ version_number: number })).toBe(texts[at]);
    const { head } = valueOf(await dataset.describe());
    expect(head?.version_number).toBe(50);
  });

  it("who expect the same head, one of them adds to it", async () => {
    const { added, push, dataset } = await createDataset();
    const { version_id } = await added("id\n0\n");
    const replies = await Promise.all(
      [1, 2, 3, 4, 5].map((at) => push(`id\n${at}\n`, { if_head: version_id })),
    );
    expect(replies.filter(({ ok }) => ok)).toHaveLength(1);
    for (const reply of replies)
      if (!reply.ok) expect(reply.error).toMatchObject({ code: "head_moved", found_number: 2 });
    expect(valueOf(await dataset.describe())).toMatchObject({ versions: 2 });
  });

  it("who send the same content make one version", async () => {
    const { push, dataset } = await createDataset();
    const text = tableOf("xy");
    const replies = await Promise.all([push(text), push(text), push(text)]);
    const made = replies.map(valueOf);
    expect(made.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(made.map(({ version }) => version.version_id)).size).toBe(1);
    expect(valueOf(await dataset.describe())).toMatchObject({ versions: 1 });
  });
});

describe("an upload", () => {
  it("that is committed again answers as it did, also after an eviction", async () => {
    const { dataset, begin, ingest } = await createDataset();
    const id = serialId("upl");
    valueOf(await begin(id));
    const file = await ingest(id, tableOf("a"));
    await evictDurableObject(dataset);
    const first = valueOf(await dataset.commitFile(id, file));
    await evictDurableObject(dataset);
    expect(valueOf(await dataset.commitFile(id, file))).toEqual(first);
    expect(valueOf(await dataset.upload(id))).toMatchObject({ status: "done", result: first });
    expect(valueOf(await begin(id))).toMatchObject({ status: "done" });
  });

  it("by chunks says which are missing, and is read once they are there", async () => {
    const { dataset, dataset_id, begin, ingest, added, read } = await createDataset();
    await added(tableOf("ab"));
    const text = tableOf("abc");
    // What a client cuts is what the Worker would have cut.
    const { recipe } = await ingest(serialId("upl"), text);
    const id = serialId("upl");
    valueOf(await begin(id, { size_bytes: text.length }));
    const missing = valueOf(await dataset.declare(id, 0, recipe));
    expect(missing.length).toBeGreaterThan(0);
    expect(missing.length).toBeLessThan(recipe.length);
    expect(valueOf(await dataset.declare(id, 0, recipe))).toEqual(missing);
    expect(await dataset.declare(id, recipe.length + 1, recipe)).toMatchObject({
      error: { code: "data_refused", problem: { field: "at" } },
    });
    expect(await dataset.commit(id)).toMatchObject({
      error: { code: "upload_incomplete", missing: missing.length },
    });
    const chunks = missing.map((at) => recipe[at] ?? { sha256: "", length: 0 });
    const starts = recipe.map((_, at) =>
      recipe.slice(0, at).reduce((sum, { length }) => sum + length, 0),
    );
    const bytes = new TextEncoder().encode(text);
    const body = missing.flatMap((at) => [
      ...bytes.subarray(starts[at], (starts[at] ?? 0) + (recipe[at]?.length ?? 0)),
    ]);
    const key = `datasets/${dataset_id}/${id}/pack`;
    await env.DATASETS.put(key, new Uint8Array(body));
    const pack = { key, size_bytes: body.length, chunks };
    valueOf(await dataset.addPack(id, pack));
    valueOf(await dataset.addPack(id, pack));
    await evictDurableObject(dataset);
    valueOf(await dataset.commit(id));
    await runDurableObjectAlarm(dataset);
    expect(valueOf(await dataset.upload(id))).toMatchObject({
      status: "done",
      result: { created: true, version: { version_number: 2, row_count: 7_500 } },
    });
    expect(await read({})).toBe(text);
  });

  it("of many columns is kept in parts that are no larger than a value may be", async () => {
    const { dataset, begin } = await createDataset();
    const id = serialId("upl");
    valueOf(await begin(id));
    await runInDurableObject(dataset, (_, { storage }) => {
      const uploads = new UploadStore(storage.sql);
      const columns = Array.from({ length: 2_000 }, (_each, at) => ({
        name: `${"été 🦊 ".repeat(200)}${at}`,
        count: 1,
        nulls: 0,
      }));
      const inspection = { schema: null, row_count: 1, columns, warnings: [] };
      const file = { inspection, size_bytes: 1, content_hash: "0".repeat(64) };
      const upload = uploads.get(id);
      if (upload) uploads.put({ ...upload, file });
      expect(uploads.get(id)).toEqual({ ...upload, file });
      const { longest } = storage.sql
        .exec<{ longest: number }>("SELECT MAX(LENGTH(bytes)) AS longest FROM upload_facts")
        .one();
      expect(longest).toBeLessThan(2_000_000);
    });
  });

  it("that ended leaves nothing of chunks that come too late", async () => {
    const { dataset, dataset_id, begin } = await createDataset();
    const id = serialId("upl");
    valueOf(await begin(id));
    await dataset.cancelUpload(id);
    const key = `datasets/${dataset_id}/${id}/late`;
    await env.DATASETS.put(key, new Uint8Array([1]));
    const chunks = [{ sha256: "0".repeat(64), length: 1 }];
    expect(await dataset.addPack(id, { key, size_bytes: 1, chunks })).toMatchObject({
      error: { code: "upload_not_found" },
    });
    expect(await objectsOf(dataset_id)).toEqual([]);
  });

  it("whose client has gone is swept after a day, with what it left", async () => {
    const { dataset, dataset_id, begin, ingest } = await createDataset();
    const id = serialId("upl");
    valueOf(await begin(id));
    await ingest(id, tableOf("q"));
    expect(await objectsOf(dataset_id)).not.toEqual([]);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 25 * 3_600_000 });
    await runDurableObjectAlarm(dataset);
    expect(await objectsOf(dataset_id)).toEqual([]);
    expect(await dataset.upload(id)).toMatchObject({ error: { code: "upload_not_found" } });
  });
});

const BY = { owner_id: "usr_a" };

describe("what something needs stays", () => {
  it("for each of the owners whose runs have one id, until that one lets go", async () => {
    const { added, dataset } = await createDataset();
    const used = await added("id\n1\n");
    await added("id\n2\n");
    const other = { owner_id: "usr_b" };
    for (const of of [BY, other]) valueOf(await dataset.claim(used.version_id, "run_a", of));
    const graphOf = ({ owner_id }: typeof BY) => ({
      graph: env.LINEAGE.idFromName(owner_id).toString(),
    });
    const remove = () => dataset.removeVersion({ version_number: 1 }, false);
    // What their graph brings up to date is theirs, and nobody else's.
    valueOf(await dataset.claim(used.version_id, "run_a", graphOf(other)));
    await dataset.release(used.version_id, "run_a", graphOf({ owner_id: "usr_c" }));
    await dataset.release(used.version_id, "run_a", graphOf(other));
    await dataset.release(used.version_id, "run_a", other);
    expect(await remove()).toMatchObject({ error: { used_by: ["run_a"] } });
    await dataset.release(used.version_id, "run_a", BY);
    valueOf(await remove());
  });

  it("a version that is used, pinned, tagged or the head is not deleted", async () => {
    const { added, dataset } = await createDataset();
    const used = await added("id\n1\n");
    const pinned = await added("id\n2\n");
    const tagged = await added("id\n3\n", { tags: ["gold"] });
    await added("id\n4\n");
    valueOf(await dataset.claim(used.version_id, "run_a", BY));
    valueOf(await dataset.claim(used.version_id, "run_a", BY));
    valueOf(await dataset.pin({ version_number: pinned.version_number }, true));
    const remove = (version_number: number) => dataset.removeVersion({ version_number }, false);
    for (const [number, why] of [
      [1, { used_by: ["run_a"] }],
      [2, { pinned: true }],
      [3, { tags: ["gold"] }],
      [4, { is_head: true }],
    ] as const)
      expect(await remove(number)).toMatchObject({
        error: { code: "dataset_version_in_use", ...why },
      });
    expect(await dataset.remove(false)).toMatchObject({
      error: {
        code: "dataset_in_use",
        used_by: [{ version_id: pinned.version_id }, { version_id: used.version_id }],
      },
    });
    await dataset.release(used.version_id, "run_a", BY);
    valueOf(await dataset.pin({ version_number: 2 }, false));
    valueOf(await dataset.removeTag(tagged.tags[0] ?? ""));
    for (const number of [1, 2, 3]) valueOf(await remove(number));
    expect(valueOf(await dataset.describe())).toMatchObject({ versions: 1 });
  });

  it("a version that another dataset's was made of stays until that one goes", async () => {
    const source = await createDataset();
    const derived = await createDataset();
    const first = await source.added("id\n1\n");
    await source.added("id\n2\n");
    const made = await derived.added("id\n1\n", { parent_version_ids: [first.version_id] });
    expect(await source.dataset.removeVersion(first, false)).toMatchObject({
      error: { used_by: [made.version_id] },
    });
    await derived.added("id\n9\n");
    valueOf(await derived.dataset.removeVersion(made, false));
    valueOf(await source.dataset.removeVersion(first, false));
    expect(await derived.push("id\n7\n", { parent_version_ids: [first.version_id] })).toMatchObject(
      { error: { code: "parent_not_found", version_id: first.version_id } },
    );
  });

  it("a version that was deleted and comes back is found, and claims what it was made of", async () => {
    const source = await createDataset();
    const derived = await createDataset();
    const first = await source.added("id\n1\n");
    await source.added("id\n2\n");
    const terms = { parent_version_ids: [first.version_id] };
    const made = await derived.added("id\n1\n", terms);
    await derived.added("id\n9\n");
    // The directory keeps the row of the version for now, as a database that is away does.
    await runInDurableObject(derived.dataset, (_, { storage }) => {
      storage.sql.exec("UPDATE version SET deleted_at = 1 WHERE number = ?", made.version_number);
    });
    const again = await derived.added("id\n1\n", terms);
    expect(again).toMatchObject({ version_id: made.version_id, version_number: 3 });
    expect(await findVersion(openDirectory(env.DB), again.version_id)).toMatchObject({ number: 3 });
    expect(await source.dataset.removeVersion(first, false)).toMatchObject({
      error: { used_by: [again.version_id] },
    });
  });

  it("a dataset of which something else uses a version, though a thousand of its own do", async () => {
    const { added, dataset } = await createDataset();
    const { version_id } = await added("id\n1\n");
    await runInDurableObject(dataset, (_, { storage }) => {
      storage.sql.exec(
        `INSERT INTO version (number, id, content_hash, created_at, size_bytes, record, warnings)
         SELECT 1 + value, 'dsv_' || value, value, 0, 0, record, '[]'
         FROM version, (WITH RECURSIVE each(value) AS (
           SELECT 1 UNION ALL SELECT value + 1 FROM each WHERE value < 1001) SELECT value FROM each)
         WHERE number = 1`,
      );
      storage.sql.exec(
        "INSERT INTO claim SELECT 1, id, '' FROM version WHERE number > 1 UNION ALL SELECT 1, 'run_a', ''",
      );
    });
    expect(await dataset.remove(true)).toMatchObject({
      error: { code: "dataset_in_use", used_by: [{ version_id, used_by: ["run_a"] }] },
    });
  });

  it("collecting goes by the rule, tells why the rest stays, and a dry run changes nothing", async () => {
    const { added, dataset, dataset_id, read } = await createDataset({
      retention: { keep_last: 1 },
    });
    await added(tableOf("ab"));
    const tagged = await added(tableOf("bc"), { tags: ["gold"] });
    await added(tableOf("cd"));
    const head = await added(tableOf("de"));
    const before = await objectsOf(dataset_id);
    const planned = valueOf(await dataset.collect(true));
    expect(planned.versions.map(({ version_number }) => version_number)).toEqual([3, 1]);
    expect(planned.kept).toMatchObject([
      {
        version_id: head.version_id,
        reasons: ["it is the head", "it is the latest"],
      },
      { version_id: tagged.version_id, reasons: ["it is tagged gold"] },
    ]);
    expect(await objectsOf(dataset_id)).toEqual(before);
    expect(valueOf(await dataset.collect(false))).toEqual(planned);
    expect((await objectsOf(dataset_id)).length).toBeLessThan(before.length);
    expect(await read({ version_number: 2 })).toBe(tableOf("bc"));
    expect(await read({})).toBe(tableOf("de"));
  });
});

describe("a dataset", () => {
  it("that is archived is read and takes nothing more, until it is restored", async () => {
    const { added, dataset, push, read } = await createDataset();
    await added("id\n1\n");
    valueOf(await dataset.archive(true));
    expect(await push("id\n2\n")).toMatchObject({ error: { code: "dataset_archived" } });
    expect(await read({})).toBe("id\n1\n");
    valueOf(await dataset.archive(false));
    await added("id\n2\n");
  });

  it("that is deleted leaves no object and no row", async () => {
    const { added, dataset, dataset_id, owner_id } = await createDataset();
    const { version_id } = await added(tableOf("ab"));
    const directory = openDirectory(env.DB);
    expect(await findVersion(directory, version_id)).toMatchObject({ dataset_id, number: 1 });
    valueOf(await dataset.remove(false));
    expect(await objectsOf(dataset_id)).toEqual([]);
    expect(await findVersion(directory, version_id)).toBeUndefined();
    expect(await findDataset(directory, owner_id, dataset_id)).toBeUndefined();
    expect(await dataset.describe()).toMatchObject({ error: { code: "dataset_not_found" } });
    await evictDurableObject(dataset);
    expect(await dataset.find({})).toMatchObject({ error: { code: "dataset_not_found" } });
  });

  it("tells of itself over the queue once each thing is committed", async () => {
    const { added, dataset } = await createDataset();
    const sent: unknown[] = [];
    await runInDurableObject(dataset, (actor) => {
      const { EVENTS } = (actor as unknown as { env: Env }).env;
      vi.spyOn(EVENTS, "sendBatch").mockImplementation(async (messages) => {
        sent.push(...[...messages].map(({ body }) => body));
        return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
      });
    });
    await added("id\n1\n");
    valueOf(await dataset.archive(true));
    vi.restoreAllMocks();
    expect(sent).toMatchObject([
      { kind: "dataset", type: "dataset.version_created", version_number: 1 },
      { kind: "dataset", type: "dataset.archived" },
    ]);
  });
});
