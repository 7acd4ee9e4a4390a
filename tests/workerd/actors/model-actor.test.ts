import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { granted, refused } from "../support/granted.ts";
import { addVersion, createModel, listed, uploadOf } from "../support/model-actor.ts";
import { oneByOne } from "../support/one-by-one.ts";

/** A model with the versions 1 to `count`. */
async function modelOf(count: number) {
  const created = await createModel();
  const contents = Array.from({ length: count }, (_, index) => `content ${index + 1}`);
  await oneByOne(contents, (content) => addVersion(created.model_id, content));
  const move = (alias: string, version: number, expected: (number | null)[] | null = null) =>
    created.model.moveAlias({ alias, version, expected, by: "key_mover" });
  return { ...created, move };
}

describe("versions", () => {
  it("are numbered from 1 in the order in which they are accepted", async () => {
    const { model_id } = await createModel();
    expect(await addVersion(model_id, "first")).toBe(1);
    expect(await addVersion(model_id, "second")).toBe(2);
  });

  it("of the same bytes are one version", async () => {
    const { model_id } = await modelOf(2);
    expect(await addVersion(model_id, "content 1")).toBe(1);
  });

  it("of two who upload the same bytes at once are one version", async () => {
    const { model_id } = await createModel();
    const numbers = await Promise.all(
      Array.from({ length: 8 }, () => addVersion(model_id, "the same")),
    );
    expect(new Set(numbers)).toEqual(new Set([1]));
    expect(await listed(model_id)).toMatchObject({ versions: [1] });
  });

  it("never get a number that was used before", async () => {
    const { model_id, model } = await modelOf(2);
    await granted(model.deleteVersion(2, "usr_1"));
    expect(await addVersion(model_id, "content 2")).toBe(3);
  });

  it("are described as they were accepted", async () => {
    const { model } = await modelOf(1);
    expect(await granted(model.describeVersion(1))).toMatchObject({
      version: 1,
      size_bytes: 9,
      description: "content 1",
      created_by: "key_uploader",
    });
    expect(await refused(model.describeVersion(2))).toEqual({
      code: "version_not_found",
      version: 2,
    });
  });
});

describe("resolving", () => {
  it.each([
    { selector: { version: 2 }, version: 2 },
    { selector: { alias: "champion" }, version: 1 },
    { selector: {}, version: 1 },
  ])("$selector is version $version, where champion is version 1", async (wanted) => {
    const { model, move, model_id } = await modelOf(3);
    await granted(move("champion", 1));
    expect(await granted(model.resolve(wanted.selector))).toMatchObject({
      model_id,
      version: wanted.version,
    });
  });

  it("nothing in particular is the latest version, where there is no champion", async () => {
    const { model } = await modelOf(3);
    expect(await granted(model.resolve({}))).toMatchObject({ version: 3 });
  });

  it("says what it did not find", async () => {
    const { model } = await modelOf(1);
    expect(await refused(model.resolve({ version: 9 }))).toEqual({
      code: "version_not_found",
      version: 9,
    });
    expect(await refused(model.resolve({ alias: "none" }))).toEqual({
      code: "alias_not_found",
      alias: "none",
    });
  });

  it("finds nothing in a model that never was", async () => {
    const model = env.MODEL.getByName("mdl_never");
    expect(await refused(model.resolve({}))).toEqual({ code: "version_not_found", version: null });
  });
});

describe("an alias", () => {
  it("moves and keeps its history, newest first", async () => {
    const { model, move } = await modelOf(2);
    expect(await granted(move("champion", 1))).toMatchObject({ previous_version: null });
    expect(await granted(move("champion", 2))).toMatchObject({ version: 2, previous_version: 1 });
    await granted(model.removeAlias("champion", "key_remover"));
    await granted(move("champion", 1));
    const { history } = await granted(model.describeAlias("champion"));
    expect(
      history.map(({ version, previous_version, by }) => [previous_version, version, by]),
    ).toEqual([
      [null, 1, "key_mover"],
      [2, null, "key_remover"],
      [1, 2, "key_mover"],
      [null, 1, "key_mover"],
    ]);
  });

  it("is moved only from where it is expected", async () => {
    const { move } = await modelOf(3);
    await granted(move("champion", 1, [null]));
    expect(await refused(move("champion", 2, [null]))).toEqual({
      code: "alias_moved",
      alias: "champion",
      found: 1,
    });
    expect(await granted(move("champion", 2, [3, 1]))).toMatchObject({ version: 2 });
  });

  it("is moved by exactly one of many who expect the same", async () => {
    const { model, move } = await modelOf(6);
    await granted(move("champion", 1));
    const racers = [2, 3, 4, 5, 6];
    const replies = await Promise.all(racers.map((version) => move("champion", version, [1])));
    const winners = racers.filter((_, index) => replies[index]?.ok);
    expect(winners).toHaveLength(1);
    const { version, history } = await granted(model.describeAlias("champion"));
    expect(version).toBe(winners[0]);
    expect(history).toHaveLength(2);
  });

  it("leaves no trace when it is moved to where it is", async () => {
    const { model, move } = await modelOf(1);
    await granted(move("champion", 1));
    expect(await granted(move("champion", 1))).toMatchObject({ version: 1 });
    expect((await granted(model.describeAlias("champion"))).history).toHaveLength(1);
  });

  it("cannot point at a version that does not exist", async () => {
    const { move } = await modelOf(1);
    expect(await refused(move("champion", 2))).toEqual({ code: "version_not_found", version: 2 });
  });

  it("is removed once", async () => {
    const { model, move } = await modelOf(1);
    await granted(move("champion", 1));
    await granted(model.removeAlias("champion", "key_a"));
    expect(await refused(model.removeAlias("champion", "key_a"))).toEqual({
      code: "alias_not_found",
      alias: "champion",
    });
  });
});

describe("what is in use", () => {
  it("cannot be deleted, and says by whom", async () => {
    const { model, model_id, move } = await modelOf(2);
    await granted(model.claim("exp_b", 1));
    await granted(model.claim("exp_a", 1));
    await granted(move("champion", 1));
    const users = { experiments: ["exp_a", "exp_b"], aliases: ["champion"] };
    expect(await refused(model.deleteVersion(1, "usr_1"))).toEqual({
      code: "version_in_use",
      ...users,
    });
    expect(await refused(model.deleteModel(model_id, "usr_1"))).toEqual({
      code: "model_in_use",
      ...users,
    });
  });

  it("can be deleted when everybody has let go", async () => {
    const { model } = await modelOf(2);
    await granted(model.claim("exp_a", 1));
    await granted(model.claim("exp_a", 1));
    await granted(model.claim("exp_a", 2));
    await model.release("exp_a");
    await model.release("exp_a");
    await granted(model.deleteVersion(1, "usr_1"));
  });

  it("stays in use after an eviction", async () => {
    const { model } = await modelOf(1);
    await granted(model.claim("exp_a", 1));
    await evictDurableObject(model);
    expect(await refused(model.deleteVersion(1, "usr_1"))).toMatchObject({
      experiments: ["exp_a"],
    });
  });

  it("is either claimed or deleted when both are asked at once", async () => {
    const { model } = await modelOf(1);
    const [claimed, deleted] = await Promise.all([
      model.claim("exp_a", 1),
      model.deleteVersion(1, "usr_1"),
    ]);
    expect([claimed.ok, deleted.ok].filter(Boolean)).toHaveLength(1);
  });
});

describe("a deleted model", () => {
  it("has no versions and takes none", async () => {
    const { model, model_id } = await modelOf(1);
    await granted(model.deleteModel(model_id, "usr_1"));
    expect(await refused(model.resolve({}))).toMatchObject({ code: "version_not_found" });
    expect(await refused(model.claim("exp_a", 1))).toMatchObject({ code: "version_not_found" });
    const late = await uploadOf(model_id, "late");
    expect(await refused(late.begin())).toEqual({ code: "model_not_found" });
  });

  it("refuses an upload that began before, and keeps none of its bytes", async () => {
    const { model, model_id } = await modelOf(1);
    const upload = await uploadOf(model_id, "slow");
    await granted(upload.begin());
    await upload.reserve();
    await upload.keep();
    await granted(model.deleteModel(model_id, "usr_1"));
    expect(await refused(upload.accept())).toEqual({ code: "model_not_found" });
    await upload.abandon();
    expect(await env.MODELS.head(upload.object)).toBeNull();
  });
});

describe("delivered twice", () => {
  it("an accepted version stays one version", async () => {
    const { model_id } = await createModel();
    const upload = await uploadOf(model_id, "content");
    await granted(upload.begin());
    await granted(upload.begin());
    await upload.reserve();
    await upload.reserve();
    await upload.keep();
    const first = await granted(upload.accept());
    expect(await granted(upload.accept())).toEqual(first);
    expect(await listed(model_id)).toMatchObject({ versions: [1], latest: 1 });
  });

  it("a deletion of a version says that it is gone", async () => {
    const { model } = await modelOf(2);
    await granted(model.deleteVersion(1, "usr_1"));
    expect(await refused(model.deleteVersion(1, "usr_1"))).toEqual({
      code: "version_not_found",
      version: 1,
    });
  });

  it("a deletion of the model is a deletion", async () => {
    const { model, model_id } = await modelOf(1);
    await granted(model.deleteModel(model_id, "usr_1"));
    await granted(model.deleteModel(model_id, "usr_1"));
    expect(await listed(model_id)).toMatchObject({ exists: false, versions: [] });
  });
});

describe("a version that was made of another", () => {
  const derived_from = {
    version: 1,
    kind: "prune",
    options: { amount: 0.5 },
    report: { elements: 3 },
    at: 5,
    by: "key_maker",
  };
  const accept = async (model_id: string, content: string) => {
    const upload = await uploadOf(model_id, content);
    await granted(upload.begin());
    await upload.write();
    await upload.reserve();
    await upload.keep();
    return granted(upload.accept({ derived_from }));
  };

  it("keeps saying so, through evictions and the deletion of the other", async () => {
    const { model_id } = await modelOf(1);
    expect(await accept(model_id, "made")).toMatchObject({ version: 2, derived_from });
    await evictDurableObject(env.MODEL.getByName(model_id));
    await granted(env.MODEL.getByName(model_id).deleteVersion(1, "usr_1"));
    expect(await granted(env.MODEL.getByName(model_id).describeVersion(2))).toMatchObject({
      derived_from,
    });
    const row = await env.DB.prepare("SELECT derived_from FROM model_version WHERE model_id = ?")
      .bind(model_id)
      .first<string>("derived_from");
    expect(JSON.parse(row ?? "")).toEqual(derived_from);
  });

  it("that was uploaded before stays a version that was uploaded", async () => {
    const { model_id } = await modelOf(1);
    const record = await accept(model_id, "content 1");
    expect(record).toMatchObject({ version: 1, derived_from: null });
  });

  it("has none in rows of before there was such a thing", async () => {
    const { model_id } = await modelOf(1);
    const open = () => env.MODEL.getByName(model_id);
    await runInDurableObject(open(), (_, { storage }) => {
      storage.sql.exec("ALTER TABLE version DROP COLUMN derived_from");
      storage.sql.exec("ALTER TABLE version DROP COLUMN details");
      storage.sql.exec("DROP TABLE capture");
      storage.sql.exec("DELETE FROM schema_step WHERE id BETWEEN '0002' AND '0009'");
    });
    await evictDurableObject(open());
    expect(await granted(open().describeVersion(1))).toMatchObject({ derived_from: null });
    expect(await accept(model_id, "made")).toMatchObject({ derived_from });
  });
});

describe("what a version's file says of it", () => {
  const details = {
    feature_names: ["length", "width"],
    class_names: null,
    categorical_features: ["width", 0],
    preprocessing: [{ input: "x", kind: "text" as const, fills: ["x"], summary: "words" }],
  };

  it("stays with it, through evictions, and comes with every way to it", async () => {
    const { model_id } = await modelOf(1);
    const upload = await uploadOf(model_id, "described");
    await granted(upload.begin());
    await upload.reserve();
    await granted(upload.accept({ details }));
    const open = () => env.MODEL.getByName(model_id);
    await evictDurableObject(open());
    expect(await granted(open().describeVersion(2))).toMatchObject({ details });
    expect(await granted(open().resolve({ version: 2 }))).toMatchObject({ details });
    expect(await granted(open().claim("exp_1", 2))).toMatchObject({ details });
    const row = await env.DB.prepare(
      "SELECT details FROM model_version WHERE model_id = ? AND version = 2",
    )
      .bind(model_id)
      .first<string>("details");
    expect(JSON.parse(row ?? "")).toEqual(details);
  });

  it("is null where it says nothing, and in rows of before there was such a thing", async () => {
    const { model_id } = await modelOf(1);
    const open = () => env.MODEL.getByName(model_id);
    expect(await granted(open().resolve({ version: 1 }))).toMatchObject({ details: null });
    await runInDurableObject(open(), (_, { storage }) => {
      storage.sql.exec("ALTER TABLE version DROP COLUMN details");
      storage.sql.exec("DROP TABLE capture");
      storage.sql.exec("DELETE FROM schema_step WHERE id BETWEEN '0003' AND '0009'");
    });
    await evictDurableObject(open());
    expect(await granted(open().describeVersion(1))).toMatchObject({ details: null });
  });
});
