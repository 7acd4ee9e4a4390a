import { evictDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { addVersion, createModel, listed, objectsOf } from "../support/model-actor.ts";
import { oneByOne } from "../support/one-by-one.ts";

const version = fc.integer({ min: 1, max: 5 });
const alias = fc.constantFrom("champion", "shadow");
const experiment = fc.constantFrom("exp_a", "exp_b");
const upload = { kind: fc.constant("upload" as const), content: fc.constantFrom("a", "b", "c") };
const Command = fc.oneof(
  { weight: 3, arbitrary: fc.record(upload) },
  fc.record({
    kind: fc.constant("move" as const),
    alias,
    version,
    expected: fc.option(fc.uniqueArray(fc.option(version), { minLength: 1, maxLength: 2 })),
  }),
  fc.record({ kind: fc.constant("remove" as const), alias }),
  fc.record({ kind: fc.constant("claim" as const), experiment, version }),
  fc.record({ kind: fc.constant("release" as const), experiment }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), version }) },
);
type Command = typeof Command extends fc.Arbitrary<infer C> ? C : never;

/** What a model is, without crashes, storage or anybody else: the answer is what is refused, or null. */
class PlainModel {
  readonly versions = new Map<number, string>();
  readonly aliases = new Map<string, number>();
  readonly moves: string[] = [];
  readonly #claims = new Map<number, Set<string>>();
  #next = 1;

  do(command: Command): string | null {
    switch (command.kind) {
      case "upload":
        if (![...this.versions.values()].includes(command.content))
          this.versions.set(this.#next++, command.content);
        return null;
      case "move": {
        const found = this.aliases.get(command.alias) ?? null;
        if (!this.versions.has(command.version)) return "version_not_found";
        if (command.expected && !command.expected.includes(found)) return "alias_moved";
        if (found !== command.version) this.#point(command.alias, command.version);
        return null;
      }
      case "remove":
        if (!this.aliases.has(command.alias)) return "alias_not_found";
        this.#point(command.alias, null);
        return null;
      case "claim": {
        if (!this.versions.has(command.version)) return "version_not_found";
        const claims = this.#claims.get(command.version) ?? new Set();
        this.#claims.set(command.version, claims.add(command.experiment));
        return null;
      }
      case "release":
        for (const claims of this.#claims.values()) claims.delete(command.experiment);
        return null;
      default: {
        if (!this.versions.has(command.version)) return "version_not_found";
        const claimed = (this.#claims.get(command.version)?.size ?? 0) > 0;
        if (claimed || [...this.aliases.values()].includes(command.version))
          return "version_in_use";
        this.versions.delete(command.version);
        return null;
      }
    }
  }

  #point(name: string, to: number | null): void {
    this.moves.push(`${name}: ${this.aliases.get(name) ?? null} -> ${to}`);
    if (to === null) this.aliases.delete(name);
    else this.aliases.set(name, to);
  }
}

type Created = Awaited<ReturnType<typeof createModel>>;

async function carryOut({ model, model_id }: Created, command: Command): Promise<string | null> {
  switch (command.kind) {
    case "upload":
      await addVersion(model_id, command.content);
      return null;
    case "release":
      await model.release(command.experiment);
      return null;
    case "move": {
      const reply = await model.moveAlias({ ...command, by: "key_a" });
      return reply.ok ? null : reply.error.code;
    }
    case "remove": {
      const reply = await model.removeAlias(command.alias, "key_a");
      return reply.ok ? null : reply.error.code;
    }
    case "claim": {
      const reply = await model.claim(command.experiment, command.version);
      return reply.ok ? null : reply.error.code;
    }
    default: {
      const reply = await model.deleteVersion(command.version, "usr_1");
      return reply.ok ? null : reply.error.code;
    }
  }
}

it("with an eviction after every call a model, its directory and its bytes are what a plain model says", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(Command, { maxLength: 20, size: "max" }), async (history) => {
      const created = await createModel();
      const { model, model_id } = created;
      const plain = new PlainModel();
      await model.resolve({});
      await oneByOne(history, async (command) => {
        const outcome = await carryOut(created, command);
        await evictDurableObject(model);
        expect(outcome).toBe(plain.do(command));
      });

      const versions = [...plain.versions.keys()];
      const aliases = [...plain.aliases].map(([name, to]) => `${name}=${to}`);
      expect(await listed(model_id)).toEqual({
        exists: true,
        latest: versions.at(-1) ?? null,
        versions,
        aliases: aliases.toSorted(),
      });
      const keys = versions.map(async (wanted) => {
        const reply = await model.resolve({ version: wanted });
        return reply.ok ? reply.value.ref.key : reply.error.code;
      });
      expect(await objectsOf(model_id)).toEqual((await Promise.all(keys)).toSorted());
      const moves = [...plain.aliases.keys()].map(async (name) => {
        const reply = await model.describeAlias(name);
        const changes = reply.ok ? reply.value.history : [];
        return changes.map((move) => `${name}: ${move.previous_version} -> ${move.version}`);
      });
      const kept = plain.moves.filter((move) => plain.aliases.has(move.split(":")[0] ?? ""));
      expect((await Promise.all(moves)).flat().toSorted()).toEqual(kept.toSorted());
    }),
    { numRuns: 25 },
  );
});
