import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findDataset } from "../../../database/datasets.ts";
import { openDirectory } from "../../../database/directory.ts";
import { PackStore } from "../../../durable-objects/dataset/pack-store.ts";
import { SCHEMA } from "../../../durable-objects/dataset/schema.ts";
import { upgradeSchema } from "../../../durable-objects/shared/upgrade-schema.ts";
import { type CreatedDataset, objectsOf } from "../support/dataset-actor.ts";
import {
  type Clock,
  createSpace,
  type Declared,
  declared,
  expectSound,
  fileOf,
  HOUR,
  MINUTE,
  readerOf,
  spaceOf,
  standingClock,
  wake,
  watchCopies,
} from "../support/dataset-space.ts";
import { valueOf } from "../support/granted.ts";
import { alarmOf } from "../support/outage.ts";
import { serialId } from "../support/serial-id.ts";

let clock: Clock;
beforeEach(() => {
  clock = standingClock();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const LARGE = "abcdefgh";
/** Of the large one's pack the head needs a quarter. */
async function sparse(change?: Parameters<typeof createSpace>[0]): Promise<CreatedDataset> {
  const created = await createSpace(change);
  const { added, dataset } = created;
  await added(fileOf(LARGE));
  await added(fileOf("ab"));
  valueOf(await dataset.removeVersion({ version_number: 1 }, false));
  return created;
}

/** Deletions are over for a while, and copies are made. */
async function compact({ dataset }: CreatedDataset): Promise<void> {
  clock.pass(2 * MINUTE);
  await wake(dataset);
}

async function readersLeave({ dataset }: CreatedDataset): Promise<void> {
  clock.pass(HOUR);
  await wake(dataset);
}

describe("space that a deleted version took", () => {
  it("is given back though another needs a part of its object", async () => {
    const created = await sparse();
    const { dataset, dataset_id, owner_id, read } = created;
    const before = await spaceOf(dataset);
    expect(before.stored).toBeGreaterThan(2 * before.live);
    await compact(created);
    const { stored_bytes } = valueOf(await dataset.describe());
    expect(stored_bytes).toBe(before.live);
    expect(await read({})).toBe(fileOf("ab"));
    const listed = await findDataset(openDirectory(env.DB), owner_id, dataset_id);
    expect(listed).toMatchObject({ stored_bytes });
    await readersLeave(created);
    await expectSound(created);
    expect(await read({})).toBe(fileOf("ab"));
    expect(await alarmOf(dataset)).toBeGreaterThan(clock.now());
  });

  it("stays where copying would give back less than it copies", async () => {
    const created = await createSpace();
    const { added, dataset, dataset_id } = created;
    await added(fileOf("abcdefgh"));
    await added(fileOf("abcdefg"));
    valueOf(await dataset.removeVersion({ version_number: 1 }, false));
    const before = await objectsOf(dataset_id);
    await compact(created);
    expect(await objectsOf(dataset_id)).toEqual(before);
  });

  it("in several objects becomes one, so that no small ones are left", async () => {
    const created = await createSpace();
    const { added, dataset, dataset_id, read } = created;
    await added(fileOf("abcd"));
    await added(fileOf("aefgh"));
    await added(fileOf("ae"));
    for (const version_number of [1, 2])
      valueOf(await dataset.removeVersion({ version_number }, false));
    await compact(created);
    await readersLeave(created);
    expect(await objectsOf(dataset_id)).toHaveLength(1);
    expect(await read({})).toBe(fileOf("ae"));
    await expectSound(created);
  });

  it("is what a dry run said", async () => {
    const created = await createSpace({ retention: { keep_last: 1 } });
    const { added, dataset } = created;
    await added(fileOf(LARGE));
    await added(fileOf("abx"));
    const planned = valueOf(await dataset.collect(true));
    const before = await spaceOf(dataset);
    expect(valueOf(await dataset.collect(false))).toEqual(planned);
    await compact(created);
    const after = await spaceOf(dataset);
    expect(before.live - after.live).toBe(planned.bytes);
    expect(after.stored).toBe(after.live);
  });
});

describe("who reads", () => {
  it("goes on for an hour where the bytes lay, and then finds them where they are", async () => {
    const created = await sparse();
    const { dataset, dataset_id, read } = created;
    const reader = await readerOf(created, 2);
    await compact(created);
    clock.pass(HOUR - MINUTE);
    await wake(dataset);
    expect(await reader.read()).toBe(fileOf("ab"));
    clock.pass(MINUTE);
    await wake(dataset);
    expect(await objectsOf(dataset_id)).not.toContain(reader.keys[0]);
    expect(await read({})).toBe(fileOf("ab"));
  });

  it("keeps that hour when what was left of the object is deleted, and when its upload is swept", async () => {
    const created = await sparse();
    const { dataset, dataset_id, push } = created;
    const [key = ""] = (await readerOf(created, 2)).keys;
    const [, , uploadId = ""] = key.split("/");
    // A chunk of the old object is needed again before the copy is taken, and no more after it.
    clock.pass(2 * MINUTE);
    await watchCopies().meanwhile(dataset, () => push(fileOf("abcd")));
    valueOf(await push(fileOf("ab")));
    valueOf(await dataset.removeVersion({ version_number: 3 }, false));
    const { read } = await readerOf(created, 2);
    await dataset.cancelUpload(uploadId);
    expect(await objectsOf(dataset_id)).toContain(key);
    expect(await read()).toBe(fileOf("ab"));
    await readersLeave(created);
    expect(await objectsOf(dataset_id)).not.toContain(key);
    await expectSound(created);
  });
});

describe("a copy", () => {
  it("is taken rightly when a chunk is needed again meanwhile that it left out", async () => {
    const created = await sparse();
    const { dataset, push, read } = created;
    clock.pass(2 * MINUTE);
    await watchCopies().meanwhile(dataset, () => push(fileOf("abh")));
    await compact(created);
    await readersLeave(created);
    expect(await read({ version_number: 2 })).toBe(fileOf("ab"));
    expect(await read({ version_number: 3 })).toBe(fileOf("abh"));
    await expectSound(created);
    const { live, stored } = await spaceOf(dataset);
    expect(stored).toBe(live);
  });

  it("is taken rightly when what it copied is deleted meanwhile", async () => {
    const created = await sparse();
    const { added, dataset, dataset_id, read } = created;
    clock.pass(2 * MINUTE);
    await watchCopies().meanwhile(dataset, async () => {
      await added(fileOf("z"));
      valueOf(await dataset.removeVersion({ version_number: 2 }, false));
    });
    expect(await read({})).toBe(fileOf("z"));
    expect(await objectsOf(dataset_id)).toHaveLength(1);
    await expectSound(created);
  });

  it("is taken rightly when a file comes in meanwhile that was told of a chunk it left out", async () => {
    const created = await sparse();
    const { dataset, read } = created;
    let coming: Declared | undefined;
    clock.pass(2 * MINUTE);
    await watchCopies().meanwhile(dataset, async () => {
      coming = await declared(created, "abh");
    });
    expect(coming?.missing).toEqual([]);
    await readersLeave(created);
    expect(await coming?.send()).toMatchObject({ status: "done" });
    expect(await read({})).toBe(fileOf("abh"));
    await compact(created);
    await readersLeave(created);
    await expectSound(created);
  });

  it("leaves nothing when the dataset is deleted meanwhile", async () => {
    const created = await sparse();
    const { dataset, dataset_id } = created;
    clock.pass(2 * MINUTE);
    await watchCopies().meanwhile(dataset, () => dataset.remove(false));
    expect(await objectsOf(dataset_id)).toEqual([]);
    await readersLeave(created);
    await expectSound(created);
    expect(await alarmOf(dataset)).toBeNull();
  });

  it("leaves nothing when the dataset is deleted after it, though somebody may still read", async () => {
    const created = await sparse();
    await compact(created);
    expect(await objectsOf(created.dataset_id)).toHaveLength(2);
    valueOf(await created.dataset.remove(false));
    expect(await objectsOf(created.dataset_id)).toEqual([]);
  });

  it("whose reply is lost is made again later, and what was lost goes", async () => {
    const created = await sparse();
    const { dataset, dataset_id, read } = created;
    const before = await objectsOf(dataset_id);
    const log = vi.spyOn(console, "error").mockReturnValue();
    const copies = watchCopies();
    copies.seen.isLost = true;
    await compact(created);
    expect(log.mock.calls.flat().join()).toContain("dataset_compaction_failed");
    copies.stop();
    expect(await objectsOf(dataset_id)).toHaveLength(before.length + 1);
    expect(await read({})).toBe(fileOf("ab"));
    clock.pass(5 * MINUTE);
    await wake(dataset);
    const { live, stored } = await spaceOf(dataset);
    expect(stored).toBe(live);
    await readersLeave(created);
    await expectSound(created);
    expect(await read({})).toBe(fileOf("ab"));
  });

  it("whose actor dies before it is taken is made again, and the lost one goes", async () => {
    const created = await sparse();
    clock.pass(2 * MINUTE);
    const copies = watchCopies();
    const dying = copies.meanwhile(created.dataset, () =>
      runInDurableObject(created.dataset, (_, ctx) => ctx.abort("out of memory")),
    );
    await expect(dying).rejects.toThrow("out of memory");
    copies.stop();
    const dataset = env.DATASET.getByName(created.dataset_id);
    const reborn = { ...created, dataset };
    const keys = await objectsOf(created.dataset_id);
    expect((await readerOf(reborn, 2)).keys).not.toEqual(keys);
    clock.pass(5 * MINUTE);
    // An alarm that was cut off comes again.
    await runInDurableObject(dataset, (_, { storage }) => storage.setAlarm(clock.now()));
    await wake(dataset);
    await readersLeave(reborn);
    await expectSound(reborn);
    const [left, ...others] = await objectsOf(created.dataset_id);
    expect(others).toEqual([]);
    expect(keys).not.toContain(left);
    expect(await (await readerOf(reborn, 2)).read()).toBe(fileOf("ab"));
  });

  it("that comes an hour late is not taken", async () => {
    const created = await sparse();
    const { dataset, dataset_id, read } = created;
    const [key = ""] = (await readerOf(created, 2)).keys;
    clock.pass(2 * MINUTE);
    const copies = watchCopies();
    await copies.meanwhile(dataset, async () => {
      clock.pass(2 * HOUR);
      // Its object has gone by then, as one has that nobody tells of.
      await runInDurableObject(dataset, (_, { storage }) => {
        storage.sql.exec("DELETE FROM dead_object");
      });
    });
    copies.stop();
    expect((await readerOf(created, 2)).keys).toEqual([key]);
    expect(await objectsOf(dataset_id)).toEqual([key]);
    expect(await read({})).toBe(fileOf("ab"));
    await wake(dataset);
    await readersLeave(created);
    await expectSound(created);
    expect(await objectsOf(dataset_id)).not.toContain(key);
  });

  it("of what another copy took meanwhile takes nothing", async () => {
    const created = await sparse();
    const { dataset, dataset_id, read } = created;
    clock.pass(2 * MINUTE);
    const copies = watchCopies();
    await copies.meanwhile(dataset, async () => {
      copies.stop();
      // As an actor does that has come back while the one before it is not quite dead.
      clock.pass(5 * MINUTE);
      await runInDurableObject(dataset, (actor) => actor.alarm());
    });
    const { live, stored } = await spaceOf(dataset);
    expect(stored).toBe(live);
    expect(await read({})).toBe(fileOf("ab"));
    await readersLeave(created);
    expect(await objectsOf(dataset_id)).toHaveLength(1);
    await expectSound(created);
  });
});

describe("a dataset that was there before packs counted bytes", () => {
  it("counts them, and removes at once what was to be removed", async () => {
    const { dataset } = await createSpace();
    const rows = await runInDurableObject(dataset, (_, { storage }) => {
      const { sql } = storage;
      for (const { name } of sql
        .exec<{ name: string }>(
          "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'",
        )
        .toArray())
        sql.exec(`DROP TABLE ${name}`);
      const before = SCHEMA.findIndex(({ id }) => id === "0003_compaction");
      upgradeSchema(storage, SCHEMA.slice(0, before));
      sql.exec(
        `INSERT INTO pack (key, upload_id, size_bytes, live) VALUES ('half', 'u', 9, 2), ('dead', 'u', 3, 0);
         INSERT INTO chunk VALUES ('a', 1, 0, 4, 1), ('b', 1, 4, 2, 3), ('c', 1, 6, 3, 0), ('d', 2, 0, 3, 0);
         INSERT INTO dead_object VALUES ('gone')`,
      );
      upgradeSchema(storage, SCHEMA);
      const packs = new PackStore(sql);
      return {
        packs: sql.exec("SELECT key, live_bytes, rewrite_at, read_until FROM pack").toArray(),
        dead: packs.dead().map(({ key }) => key),
        objects: packs.deadObjects(9),
        due: packs.nextDue(),
      };
    });
    expect(rows).toEqual({
      packs: [
        { key: "half", live_bytes: 6, rewrite_at: null, read_until: 0 },
        { key: "dead", live_bytes: 0, rewrite_at: null, read_until: 0 },
      ],
      dead: ["dead"],
      objects: ["gone"],
      due: null,
    });
  });
});

describe("a damaged object", () => {
  it("is never copied as good: it is told by name and stays, and others are copied", async () => {
    const created = await createSpace();
    const { added, dataset, dataset_id, read } = created;
    await added(fileOf("abcd"));
    await added(fileOf("aefgh"));
    await added(fileOf("ae"));
    const [good = "", rotten = ""] = (await readerOf(created, 3)).keys;
    for (const version_number of [1, 2])
      valueOf(await dataset.removeVersion({ version_number }, false));
    const bytes = new Uint8Array(
      await ((await env.DATASETS.get(rotten)) ?? new Response()).arrayBuffer(),
    );
    const { file } = valueOf(await dataset.stored({}));
    const at = file.extents.find(({ key }) => key === rotten)?.offset ?? 0;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await env.DATASETS.put(rotten, bytes);
    const log = vi.spyOn(console, "error").mockReturnValue();
    await compact(created);
    expect(log.mock.calls.map(([line]) => JSON.parse(String(line)) as object)).toEqual([
      {
        event: "dataset_pack_damaged",
        dataset_id,
        key: rotten,
        error: expect.stringMatching(/has a chunk at byte \d+ of SHA-256/) as string,
      },
    ]);
    await readersLeave(created);
    expect(log).toHaveBeenCalledTimes(1);
    expect(await objectsOf(dataset_id)).toContain(rotten);
    expect(await objectsOf(dataset_id)).not.toContain(good);
    expect(await objectsOf(dataset_id)).toHaveLength(2);
    // Somebody has put it right.
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await env.DATASETS.put(rotten, bytes);
    log.mockClear();
    clock.pass(24 * HOUR);
    await wake(dataset);
    await readersLeave(created);
    expect(log).not.toHaveBeenCalled();
    expect(await objectsOf(dataset_id)).not.toContain(rotten);
    expect(await read({})).toBe(fileOf("ae"));
    await expectSound(created);
  });

  it.each([
    ["is gone", async (key: string) => env.DATASETS.delete(key)],
    ["was cut off", async (key: string) => env.DATASETS.put(key, new Uint8Array(3))],
  ])("that %s keeps its place in the books", async (_, damage) => {
    const created = await sparse();
    const { dataset } = created;
    const [key = ""] = (await readerOf(created, 2)).keys;
    await damage(key);
    const log = vi.spyOn(console, "error").mockReturnValue();
    const before = await spaceOf(dataset);
    await compact(created);
    expect(log.mock.calls.flat().join()).toContain(`"dataset_pack_damaged"`);
    expect(await spaceOf(dataset)).toEqual(before);
    expect((await readerOf(created, 2)).keys).toEqual([key]);
  });
});

describe("while a file is coming in", () => {
  it("a chunk stays that it was told it need not send, and no other", async () => {
    const created = await createSpace();
    const { added, dataset, dataset_id, read } = created;
    await added(fileOf("abcd"));
    await added(fileOf("ef"));
    await added(fileOf("z"));
    const [relied = "", other = ""] = await Promise.all(
      [1, 2].map(async (number) => (await readerOf(created, number)).keys[0] ?? ""),
    );
    const coming = await declared(created, "abcdx");
    expect(coming.missing.length).toBeLessThan(4);
    for (const version_number of [1, 2])
      valueOf(await dataset.removeVersion({ version_number }, false));
    expect(await objectsOf(dataset_id)).toContain(relied);
    expect(await objectsOf(dataset_id)).not.toContain(other);
    await compact(created);
    await readersLeave(created);
    expect(await coming.send()).toMatchObject({ status: "done", result: { created: true } });
    expect(await read({})).toBe(fileOf("abcdx"));
    await expectSound(created);
  });

  it("in one request that was told so, it stays", async () => {
    const created = await createSpace();
    const { added, begin, dataset, ingest, read } = created;
    await added(fileOf("abcd"));
    await added(fileOf("z"));
    const id = serialId("upl");
    valueOf(await begin(id));
    const file = await ingest(id, fileOf("abcdx"));
    valueOf(await dataset.removeVersion({ version_number: 1 }, false));
    await compact(created);
    expect(valueOf(await dataset.commitFile(id, file))).toMatchObject({ created: true });
    expect(await read({})).toBe(fileOf("abcdx"));
  });

  it("a chunk that another one sent stays, though that one comes to nothing", async () => {
    const created = await createSpace();
    const { dataset, read } = created;
    const first = await declared(created, "ab");
    expect(first.missing.length).toBeGreaterThan(0);
    const sent = serialId("upl");
    valueOf(await created.begin(sent));
    const { packs } = await created.ingest(sent, fileOf("ab"));
    for (const pack of packs) valueOf(await dataset.addPack(sent, pack));
    const second = await declared(created, "ab");
    expect(second.missing).toEqual([]);
    await dataset.cancelUpload(sent);
    await compact(created);
    expect(await second.send()).toMatchObject({ status: "done" });
    expect(await read({})).toBe(fileOf("ab"));
  });

  it("that nobody goes on with, space is given back when its day is over", async () => {
    const created = await createSpace();
    const { added, dataset, dataset_id } = created;
    await added(fileOf("abcd"));
    await added(fileOf("z"));
    await declared(created, "abcdx");
    valueOf(await dataset.removeVersion({ version_number: 1 }, false));
    expect(await objectsOf(dataset_id)).toHaveLength(2);
    await evictDurableObject(dataset);
    clock.pass(25 * HOUR);
    await runDurableObjectAlarm(dataset);
    expect(await objectsOf(dataset_id)).toHaveLength(1);
    await expectSound(created);
  });
});
