import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  type CreatedDataset,
  createDataset,
  objectsOf,
  tableOf,
} from "../support/dataset-actor.ts";
import { valueOf } from "../support/granted.ts";
import { oneByOne } from "../support/one-by-one.ts";
import { serialId } from "../support/serial-id.ts";

const content = fc.constantFrom("ab", "abc", "bc", "c", "cab");
const number = fc.integer({ min: 1, max: 5 });
const Command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("push" as const), content }) },
  // The reply is lost, and its writer asks again.
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("push twice" as const), content }) },
  fc.record({ kind: fc.constant("push at once" as const), contents: fc.tuple(content, content) }),
  fc.record({ kind: fc.constant("abandon" as const), content }),
  fc.record({ kind: fc.constant("tag" as const), number }),
  fc.record({ kind: fc.constant("claim" as const), number }),
  fc.record({ kind: fc.constant("release" as const), number }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), number }) },
  fc.record({ kind: fc.constant("collect" as const) }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("evict" as const) }) },
  fc.record({ kind: fc.constant("wake" as const) }),
);
type Command = typeof Command extends fc.Arbitrary<infer C> ? C : never;

/** What a dataset is, without crashes, storage or anybody else. */
class PlainDataset {
  readonly versions = new Map<number, string>();
  readonly #claimed = new Set<number>();
  head = 0;
  last = 0;
  #tagged = 0;

  push(pushed: string): number {
    const known = [...this.versions].find(([, held]) => held === pushed)?.[0];
    this.head = known ?? (this.last += 1);
    this.versions.set(this.head, pushed);
    return this.head;
  }

  tag(asked: number): boolean {
    if (!this.versions.has(asked)) return false;
    this.#tagged = asked;
    return true;
  }

  claim(asked: number, claims: boolean): boolean {
    if (!this.versions.has(asked)) return false;
    if (claims) this.#claimed.add(asked);
    else this.#claimed.delete(asked);
    return true;
  }

  #isFree(asked: number): boolean {
    return asked !== this.head && asked !== this.#tagged && !this.#claimed.has(asked);
  }

  remove(asked: number): boolean {
    if (!this.versions.has(asked) || !this.#isFree(asked)) return false;
    return this.versions.delete(asked);
  }

  /** The rule keeps the latest two. */
  collect(): void {
    const latest = [...this.versions.keys()].toSorted((a, b) => b - a).slice(0, 2);
    for (const each of this.versions.keys()) if (!latest.includes(each)) this.remove(each);
  }
}

/** One that is not in memory cannot leave it. */
async function evict(dataset: CreatedDataset["dataset"]): Promise<void> {
  await dataset.describe();
  await evictDurableObject(dataset);
}

async function carryOut(
  { dataset, begin, ingest, push }: CreatedDataset,
  plain: PlainDataset,
  command: Command,
): Promise<void> {
  switch (command.kind) {
    case "push": {
      const { version } = valueOf(await push(tableOf(command.content)));
      expect(version.version_number).toBe(plain.push(command.content));
      return;
    }
    case "push twice": {
      const id = serialId("upl");
      valueOf(await begin(id));
      const file = await ingest(id, tableOf(command.content));
      const lost = valueOf(await dataset.commitFile(id, file));
      await evictDurableObject(dataset);
      valueOf(await begin(id));
      expect(valueOf(await dataset.commitFile(id, file))).toEqual(lost);
      expect(lost.version.version_number).toBe(plain.push(command.content));
      return;
    }
    case "push at once": {
      const replies = await Promise.all(command.contents.map((each) => push(tableOf(each))));
      const order = replies
        .map((reply, at) => ({ reply: valueOf(reply), pushed: command.contents[at] ?? "" }))
        .toSorted((a, b) => a.reply.version.version_number - b.reply.version.version_number);
      for (const { reply, pushed } of order)
        expect(reply.version.version_number).toBe(plain.push(pushed));
      // Of two at once either may have been last.
      plain.head = valueOf(await dataset.find({})).version_number;
      return;
    }
    case "abandon": {
      const id = serialId("upl");
      valueOf(await begin(id));
      await ingest(id, tableOf(command.content));
      await dataset.cancelUpload(id);
      return;
    }
    case "tag":
      expect((await dataset.putTag("gold", { version_number: command.number })).ok).toBe(
        plain.tag(command.number),
      );
      return;
    case "claim":
    case "release": {
      const found = await dataset.find({ version_number: command.number });
      expect(found.ok).toBe(plain.claim(command.number, command.kind === "claim"));
      if (!found.ok) return;
      if (command.kind === "claim") valueOf(await dataset.claim(found.value.version_id, "run_a"));
      else await dataset.release(found.value.version_id, "run_a");
      return;
    }
    case "delete": {
      const reply = await dataset.removeVersion({ version_number: command.number }, false);
      expect(reply.ok).toBe(plain.remove(command.number));
      return;
    }
    case "collect":
      valueOf(await dataset.collect(false));
      plain.collect();
      return;
    case "evict":
      await evict(dataset);
      return;
    case "wake":
      await runDurableObjectAlarm(dataset);
  }
}

it("whatever writers, evictions, repeats and removals there are, each version that is left reads as it was sent", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(Command, { maxLength: 14, size: "max" }), async (history) => {
      const created = await createDataset({ retention: { keep_last: 2 } });
      const plain = new PlainDataset();
      await oneByOne(history, (command) => carryOut(created, plain, command));
      await evict(created.dataset);
      await runDurableObjectAlarm(created.dataset);

      const { dataset, dataset_id, read } = created;
      const versions = valueOf(await dataset.versions(undefined, 100));
      expect(versions.map(({ version_number }) => version_number)).toEqual(
        [...plain.versions.keys()].toSorted((a, b) => b - a),
      );
      for (const [version_number, held] of plain.versions)
        expect(await read({ version_number })).toBe(tableOf(held));
      const { head, stored_bytes } = valueOf(await dataset.describe());
      expect(head?.version_number ?? 0).toBe(plain.head);
      // Nothing lies in R2 but what the versions are read from.
      const sizes = await Promise.all(
        (await objectsOf(dataset_id)).map(async (key) => key.split("/").length),
      );
      expect(sizes.every((parts) => parts === 4)).toBe(true);
      if (plain.versions.size === 0) expect(stored_bytes).toBe(0);
    }),
    { numRuns: 12 },
  );
}, 120_000);
