import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { SCHEMA as EXPERIMENT } from "../../../durable-objects/experiment/schema.ts";
import { SCHEMA as FEED } from "../../../durable-objects/feed/schema.ts";
import { SCHEMA as KEY } from "../../../durable-objects/key/schema.ts";
import { SCHEMA as LAYER } from "../../../durable-objects/layer/schema.ts";
import { SCHEMA as MODEL } from "../../../durable-objects/model/schema.ts";
import { SCHEMA as OUTCOME_SHARD } from "../../../durable-objects/outcome-shard/schema.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { Effects, EFFECTS_STEP } from "../../../durable-objects/shared/effects.ts";
import { type SchemaStep, upgradeSchema } from "../../../durable-objects/shared/upgrade-schema.ts";
import { createKey } from "../support/key-actor.ts";

const BIRD = {
  id: "0002_bird",
  sql: "CREATE TABLE bird (name TEXT); INSERT INTO bird VALUES ('linnet')",
};
const SONG = { id: "0003_song", sql: "ALTER TABLE bird ADD COLUMN song TEXT DEFAULT 'twitter'" };

/** The storage of a new key's actor, which has the steps of `KEY`, upgraded one list after the other. */
async function upgraded(...lists: (readonly SchemaStep[])[]) {
  const { key } = await createKey();
  return runInDurableObject(key, (_, { storage }) => {
    const errors = lists.map((steps) => {
      try {
        upgradeSchema(storage, steps);
        return null;
      } catch (error) {
        return String(error);
      }
    });
    const read = (query: string) => storage.sql.exec(query).toArray();
    const tables = read("SELECT name FROM sqlite_schema WHERE name = 'bird'").length;
    return {
      errors: errors.filter((error) => error !== null),
      steps: read("SELECT id FROM schema_step ORDER BY position").map(({ id }) => id),
      birds: tables === 0 ? null : read("SELECT * FROM bird"),
      keys: read("SELECT id FROM key").length,
    };
  });
}

describe("upgrading a schema", () => {
  it("applies the steps that are new and keeps the rows of before", async () => {
    expect(await upgraded([...KEY, BIRD])).toEqual({
      errors: [],
      steps: ["0001_key", "0002_bird"],
      birds: [{ name: "linnet" }],
      keys: 1,
    });
  });

  it("applies no step twice", async () => {
    expect(await upgraded([...KEY, BIRD], [...KEY, BIRD], [...KEY, BIRD, SONG])).toMatchObject({
      errors: [],
      birds: [{ name: "linnet", song: "twitter" }],
    });
  });

  it.each([
    [
      "a step of another name",
      [{ id: "0001_other", sql: "" }],
      "stored '0001_key', declared '0001_other'",
    ],
    ["a step put before it", [BIRD, ...KEY], "stored '0001_key', declared '0002_bird'"],
    ["fewer steps than are stored", [], "stored '0001_key', declared 'undefined'"],
  ])("refuses %s and changes nothing", async (_, steps, message) => {
    expect(await upgraded(steps)).toEqual({
      errors: [`Error: schema step 0: ${message}`],
      steps: ["0001_key"],
      birds: null,
      keys: 1,
    });
  });

  it("applies none of several steps when one fails", async () => {
    const broken = { id: "0004_broken", sql: "CREATE TABLE nonsense" };
    const { errors, steps, birds } = await upgraded([...KEY, BIRD, broken]);
    expect(errors).toHaveLength(1);
    expect([steps, birds]).toEqual([["0001_key"], null]);
  });

  it("is done by every actor before its first call, and again after an eviction", async () => {
    const actors = [
      { actor: env.KEY.getByName("key_schema"), schema: KEY },
      { actor: env.MODEL.getByName("mdl_schema"), schema: MODEL },
      { actor: env.EXPERIMENT.getByName("exp_schema"), schema: EXPERIMENT },
      { actor: env.OUTCOME_SHARD.getByName("exp_schema/0"), schema: OUTCOME_SHARD },
      { actor: env.LAYER.getByName("lyr_schema"), schema: LAYER },
      { actor: env.FEED.getByName("usr_schema"), schema: FEED },
    ];
    const stepsOf = ({ actor }: (typeof actors)[number]) =>
      runInDurableObject(actor, (_, { storage }) =>
        storage.sql
          .exec<{ id: string }>("SELECT id FROM schema_step ORDER BY position")
          .toArray()
          .map(({ id }) => id),
      );
    const declared = actors.map(({ schema }) => schema.map(({ id }) => id));
    expect(await Promise.all(actors.map(stepsOf))).toEqual(declared);
    await Promise.all(actors.map(({ actor }) => evictDurableObject(actor)));
    expect(await Promise.all(actors.map(stepsOf))).toEqual(declared);
  });
});

describe("effects", () => {
  /** Effects in the storage of a new actor, delivered by `deliver`, which may owe more. */
  async function flushed(
    owed: readonly string[],
    deliver: (key: string, effects: Effects) => Promise<void>,
    flushes = 1,
  ) {
    const { key } = await createKey();
    return runInDurableObject(key, async (_, { storage }) => {
      storage.sql.exec(EFFECTS_STEP.sql);
      const delivered: string[] = [];
      const effects: Effects = new Effects(storage, async (name) => {
        delivered.push(name);
        await deliver(name, effects);
      });
      for (const name of owed) effects.add(name, 0);
      const spy = vi.spyOn(console, "error").mockReturnValue();
      await Promise.all(Array.from({ length: flushes }, () => effects.flush(0)));
      spy.mockRestore();
      const left = storage.sql.exec<{ key: string }>("SELECT key FROM effect").toArray();
      return { delivered, left: left.map((row) => row.key) };
    });
  }

  it("are delivered and no longer owed", async () => {
    expect(await flushed(["a", "b"], async () => {})).toEqual({ delivered: ["a", "b"], left: [] });
  });

  it("stay owed when they fail, and do not hinder others", async () => {
    const failing = async (name: string) => {
      if (name === "a") throw new Error("down");
    };
    expect(await flushed(["a", "b"], failing)).toEqual({ delivered: ["a", "b"], left: ["a"] });
  });

  it("are delivered again when their cause comes again while they are delivered", async () => {
    let again = true;
    const recurring = async (name: string, effects: Effects) => {
      if (again) effects.add(name, 0);
      again = false;
    };
    expect(await flushed(["a"], recurring)).toEqual({ delivered: ["a", "a"], left: [] });
  });

  it("are delivered again when another effect owes them after they were delivered", async () => {
    let again = true;
    const owing = async (name: string, effects: Effects) => {
      if (name === "b" && again) effects.add("a", 0);
      if (name === "b") again = false;
    };
    expect(await flushed(["a", "b"], owing)).toEqual({ delivered: ["a", "b", "a"], left: [] });
  });

  it("are delivered one at a time, however many ask", async () => {
    let running = 0;
    let most = 0;
    const slow = async () => {
      running += 1;
      most = Math.max(most, running);
      await scheduler.wait(0);
      running -= 1;
    };
    expect(await flushed(["a", "b", "c"], slow, 5)).toMatchObject({ delivered: ["a", "b", "c"] });
    expect(most).toBe(1);
  });
});

describe("calling an actor", () => {
  /** Opens stubs that fail in turn with these errors and then answer; tells how many were opened. */
  function failing(...errors: object[]) {
    let opened = 0;
    const open = () => {
      const error = errors[opened];
      opened += 1;
      return {
        ask: async () => (error ? Promise.reject(Object.assign(new Error("down"), error)) : "fine"),
      };
    };
    const answer = callActor(open, (stub) => stub.ask()).catch((error: unknown) => String(error));
    return answer.then((reply) => ({ reply, opened }));
  }

  it("answers at the first try when that succeeds", async () => {
    expect(await failing()).toEqual({ reply: "fine", opened: 1 });
  });

  it("tries again, through a fresh stub, what may be tried again", async () => {
    expect(await failing({ retryable: true })).toEqual({ reply: "fine", opened: 2 });
  });

  it("tries no more than twice", async () => {
    const again = { retryable: true };
    expect(await failing(again, again, again)).toEqual({ reply: "Error: down", opened: 2 });
  });

  it.each([
    ["an error of the actor's own code", {}],
    ["an actor that is overloaded", { retryable: true, overloaded: true }],
  ])("does not try %s again", async (_, error) => {
    expect(await failing(error)).toEqual({ reply: "Error: down", opened: 1 });
  });

  it("tries again when opening the stub fails", async () => {
    let opened = 0;
    const open = () => {
      opened += 1;
      if (opened === 1) throw Object.assign(new Error("down"), { retryable: true });
      return env.KEY.getByName("key_ping");
    };
    expect(await callActor(open, (key) => key.ping())).toBe("ok");
  });
});
