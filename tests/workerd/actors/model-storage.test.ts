import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { granted, refused } from "../support/granted.ts";
import {
  addVersion,
  createModel,
  exists,
  listed,
  objectsOf,
  uploadOf,
} from "../support/model-actor.ts";
import { oneByOne } from "../support/one-by-one.ts";
import { alarmOf, during, holdRemovals, owedBy } from "../support/outage.ts";

/** So far ahead that no alarm comes by itself while a test runs. */
const NOW = Date.UTC(2031, 0, 1, 12);
const UPLOAD_MS = 15 * 60_000;

beforeEach(() => {
  vi.setSystemTime(NOW);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A model, and an upload to it that has written everything but was not accepted. */
async function halfUploaded(content = "content") {
  const created = await createModel();
  const upload = await uploadOf(created.model_id, content);
  await granted(upload.begin());
  await upload.write();
  await upload.reserve();
  await upload.keep();
  return { ...created, upload };
}

describe("an upload leaves nothing behind", () => {
  it("but the object of its version when it is accepted", async () => {
    const { upload } = await halfUploaded();
    await granted(upload.accept());
    expect(await exists(upload.temporary)).toBe(false);
    expect(await exists(upload.object)).toBe(true);
  });

  it("when it is abandoned, however often", async () => {
    const { upload, model } = await halfUploaded();
    await upload.abandon();
    await upload.abandon();
    expect([await exists(upload.temporary), await exists(upload.object)]).toEqual([false, false]);
    expect(await alarmOf(model)).toBeNull();
  });

  it("when nobody ends it: the alarm sweeps it after 15 minutes", async () => {
    const { upload, model } = await halfUploaded();
    expect(await alarmOf(model)).toBe(NOW + UPLOAD_MS);
    vi.setSystemTime(NOW + UPLOAD_MS);
    await runDurableObjectAlarm(model);
    expect([await exists(upload.temporary), await exists(upload.object)]).toEqual([false, false]);
  });

  it("and is not swept before, when the alarm comes for something else", async () => {
    const { upload, model } = await halfUploaded();
    vi.setSystemTime(NOW + UPLOAD_MS - 1);
    await runDurableObjectAlarm(model);
    expect([await exists(upload.temporary), await exists(upload.object)]).toEqual([true, true]);
    expect(await alarmOf(model)).toBe(NOW + UPLOAD_MS);
  });

  it("when the model is deleted before it ends", async () => {
    const { upload, model, model_id } = await halfUploaded();
    await granted(model.deleteModel(model_id, "usr_1"));
    vi.setSystemTime(NOW + UPLOAD_MS);
    await runDurableObjectAlarm(model);
    expect([await exists(upload.temporary), await exists(upload.object)]).toEqual([false, false]);
  });
});

describe("an upload that was swept", () => {
  it("is not accepted, as its bytes are gone", async () => {
    const { upload, model } = await halfUploaded();
    vi.setSystemTime(NOW + UPLOAD_MS);
    await runDurableObjectAlarm(model);
    expect(await refused(upload.accept())).toEqual({ code: "upload_expired" });
  });

  it("is swept again when it goes on all the same", async () => {
    const { upload, model } = await halfUploaded();
    vi.setSystemTime(NOW + UPLOAD_MS);
    await runDurableObjectAlarm(model);
    await upload.reserve();
    await upload.keep();
    vi.setSystemTime(NOW + 2 * UPLOAD_MS);
    await runDurableObjectAlarm(model);
    expect(await exists(upload.object)).toBe(false);
  });
});

describe("bytes are kept", () => {
  it("while a version has them: another upload of them comes to nothing", async () => {
    const { model_id } = await createModel();
    await addVersion(model_id, "content");
    const again = await uploadOf(model_id, "content");
    await granted(again.begin());
    await again.reserve();
    await again.abandon();
    expect(await exists(again.object)).toBe(true);
  });

  it("while a reserved upload needs them: their version is deleted", async () => {
    const { model_id, model } = await createModel();
    await addVersion(model_id, "content");
    const again = await uploadOf(model_id, "content");
    await granted(again.begin());
    await again.reserve();
    await granted(model.deleteVersion(1, "usr_1"));
    expect(await exists(again.object)).toBe(true);
    await granted(again.accept());
    expect(await exists(again.object)).toBe(true);
  });

  it("until the last of two uploads has given up", async () => {
    const { upload, model_id } = await halfUploaded("content");
    const second = await uploadOf(model_id, "content");
    await granted(second.begin());
    await second.reserve();
    await upload.abandon();
    expect(await exists(upload.object)).toBe(true);
    await second.abandon();
    expect(await exists(upload.object)).toBe(false);
  });

  it("when their deletion is under way as they are uploaded again: the upload waits", async () => {
    const { model_id, model } = await createModel();
    await addVersion(model_id, "content");
    const again = await uploadOf(model_id, "content");
    await granted(again.begin());
    const removals = holdRemovals();
    const deletion = model.deleteVersion(1, "usr_1");
    await removals.begun();
    let stillThere: boolean | undefined;
    const uploaded = again.reserve().then(async () => {
      stillThere = await exists(again.object);
      await again.keep();
      return granted(again.accept());
    });
    await refused(model.describeVersion(1));
    removals.release();
    await granted(deletion);
    expect(await uploaded).toMatchObject({ version: 2 });
    expect(stillThere).toBe(false);
    expect(await exists(again.object)).toBe(true);
  });

  it("for every version there is and no other, whoever deletes and uploads at once", async () => {
    const { model_id, model } = await createModel();
    const rounds = Array.from({ length: 12 }, (_, index) => `content ${index % 3}`);
    await Promise.all(
      rounds.map(async (content) => {
        const version = await addVersion(model_id, content);
        await model.deleteVersion(version, "usr_1");
        await addVersion(model_id, content);
      }),
    );
    const { versions } = await listed(model_id);
    const wanted = await Promise.all(
      versions.map(async (version) => (await granted(model.resolve({ version }))).ref.key),
    );
    expect(await objectsOf(model_id)).toEqual(wanted.toSorted());
  });
});

describe("a deletion", () => {
  it("of a version takes its object, its row and its place as the latest", async () => {
    const { model_id, model } = await createModel();
    await addVersion(model_id, "first");
    const kept = await objectsOf(model_id);
    await addVersion(model_id, "second");
    await granted(model.deleteVersion(2, "usr_1"));
    expect(await objectsOf(model_id)).toEqual(kept);
    expect(await listed(model_id)).toMatchObject({ versions: [1], latest: 1 });
  });

  it("of the only version leaves a model without a latest version", async () => {
    const { model_id, model } = await createModel();
    await addVersion(model_id, "first");
    await granted(model.deleteVersion(1, "usr_1"));
    expect(await listed(model_id)).toMatchObject({ exists: true, versions: [], latest: null });
  });

  it("of the model takes all its objects and rows", async () => {
    const { model_id, model } = await createModel();
    await addVersion(model_id, "first");
    await addVersion(model_id, "second");
    await granted(model.deleteModel(model_id, "usr_1"));
    expect(await objectsOf(model_id)).toEqual([]);
    expect(await listed(model_id)).toEqual({
      exists: false,
      latest: null,
      versions: [],
      aliases: [],
    });
  });

  it("of a model that has no actor yet takes its row", async () => {
    const { model_id, model } = await createModel();
    await granted(model.deleteModel(model_id, "usr_1"));
    expect(await listed(model_id)).toMatchObject({ exists: false });
  });
});

describe("while D1 is down", () => {
  it("the actor knows, the directory does not, and the alarm tells it", async () => {
    const { upload, model, model_id } = await halfUploaded();
    await during("D1", async () => {
      await granted(upload.accept());
      await granted(
        model.moveAlias({ alias: "champion", version: 1, expected: null, by: "key_a" }),
      );
    });
    expect(await granted(model.resolve({ alias: "champion" }))).toMatchObject({ version: 1 });
    expect(await owedBy(model)).toEqual(["alias:champion", "version:1"]);
    expect(await listed(model_id)).toMatchObject({ versions: [], aliases: [] });

    await runDurableObjectAlarm(model);
    expect(await listed(model_id)).toMatchObject({ versions: [1], aliases: ["champion=1"] });
    expect(await owedBy(model)).toEqual([]);
    expect(await alarmOf(model)).toBeNull();
  });

  it("what was overtaken is not told: a version that came and went", async () => {
    const { upload, model, model_id } = await halfUploaded();
    await during("D1", async () => {
      await granted(upload.accept());
      await granted(model.deleteVersion(1, "usr_1"));
      await granted(model.deleteModel(model_id, "usr_1"));
    });
    await runDurableObjectAlarm(model);
    expect(await listed(model_id)).toMatchObject({ exists: false, versions: [] });
    expect(await objectsOf(model_id)).toEqual([]);
  });

  it("it is asked ever less often, and at least once a minute", async () => {
    const { upload, model } = await halfUploaded();
    const waits: number[] = [];
    await during("D1", async () => {
      await granted(upload.accept());
      await oneByOne(Array.from({ length: 8 }), async () => {
        const due = (await alarmOf(model)) ?? 0;
        waits.push(due - Date.now());
        vi.setSystemTime(due);
        await runDurableObjectAlarm(model);
      });
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });
});

describe("while R2 is down", () => {
  it("objects stay, and the alarm removes them", async () => {
    const { model_id, model } = await createModel();
    await addVersion(model_id, "content");
    await during("R2", () => granted(model.deleteVersion(1, "usr_1")));
    expect(await objectsOf(model_id)).toHaveLength(1);
    await runDurableObjectAlarm(model);
    await runDurableObjectAlarm(model);
    expect(await objectsOf(model_id)).toEqual([]);
  });

  it("an object that is wanted again is not removed later", async () => {
    const { model_id, model } = await createModel();
    await addVersion(model_id, "content");
    await during("R2", () => granted(model.deleteVersion(1, "usr_1")));
    await addVersion(model_id, "content");
    await runDurableObjectAlarm(model);
    expect(await objectsOf(model_id)).toHaveLength(1);
  });

  it("what does not need it is done all the same", async () => {
    const { model_id, model } = await createModel();
    await addVersion(model_id, "content");
    await during("R2", () => granted(model.deleteVersion(1, "usr_1")));
    expect(await listed(model_id)).toMatchObject({ versions: [] });
  });
});
