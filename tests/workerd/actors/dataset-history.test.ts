import { evictDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { CreatedDataset } from "../support/dataset-actor.ts";
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
import { oneByOne } from "../support/one-by-one.ts";
import { serialId } from "../support/serial-id.ts";

let clock: Clock;
beforeEach(() => {
  clock = standingClock();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const BY = { owner_id: "usr_a" };

const content = fc.constantFrom("abcdef", "a", "ab", "cdefgh", "gh", "dc", "hgfedcba", "ef");
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
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("delete" as const), number }) },
  // Told which chunks it need not send; with the rest it comes later, or never.
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("declare" as const), content }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("send" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("learn" as const), number }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      minutes: fc.constantFrom(2, 7, 61),
      losing: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant("collect" as const) }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("evict" as const) }) },
);
type Command = typeof Command extends fc.Arbitrary<infer C> ? C : never;

/** So that there is an object that is mostly needed no more, unless the history between has other plans. */
const BEFORE: Command[] = [
  { kind: "push", content: "hgfedcba" },
  { kind: "push", content: "a" },
];
const AFTER: Command[] = [{ kind: "delete", number: 1 }];

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

/** What a history leaves behind beside the dataset. */
type Around = {
  coming: Declared[];
  readers: { number: number; text: string; until: number; read: () => Promise<string> }[];
  copies: ReturnType<typeof watchCopies>["seen"];
};

/** One that is not in memory cannot leave it. */
async function evict(dataset: CreatedDataset["dataset"]): Promise<void> {
  await dataset.describe();
  await evictDurableObject(dataset);
}

async function carryOut(
  created: CreatedDataset,
  plain: PlainDataset,
  around: Around,
  command: Command,
): Promise<void> {
  const { dataset, begin, ingest, push } = created;
  switch (command.kind) {
    case "push": {
      const { version } = valueOf(await push(fileOf(command.content)));
      expect(version.version_number).toBe(plain.push(command.content));
      return;
    }
    case "push twice": {
      const id = serialId("upl");
      valueOf(await begin(id));
      const file = await ingest(id, fileOf(command.content));
      const lost = valueOf(await dataset.commitFile(id, file));
      await evictDurableObject(dataset);
      valueOf(await begin(id));
      expect(valueOf(await dataset.commitFile(id, file))).toEqual(lost);
      expect(lost.version.version_number).toBe(plain.push(command.content));
      return;
    }
    case "push at once": {
      const replies = await Promise.all(command.contents.map((each) => push(fileOf(each))));
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
      await ingest(id, fileOf(command.content));
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
      if (command.kind === "claim")
        valueOf(await dataset.claim(found.value.version_id, "run_a", BY));
      else await dataset.release(found.value.version_id, "run_a", BY);
      return;
    }
    case "delete": {
      const reply = await dataset.removeVersion({ version_number: command.number }, false);
      expect(reply.ok).toBe(plain.remove(command.number));
      return;
    }
    case "collect": {
      const before = await spaceOf(dataset);
      const planned = valueOf(await dataset.collect(true));
      const gone = valueOf(await dataset.collect(false));
      expect(gone).toEqual(planned);
      expect(before.live - (await spaceOf(dataset)).live).toBe(gone.bytes);
      plain.collect();
      return;
    }
    case "declare":
      around.coming.push(await declared(created, command.content));
      return;
    case "send": {
      const coming = around.coming.shift();
      if (!coming) return;
      const { status, result } = await coming.send();
      expect(status).toBe("done");
      expect(result?.version.version_number).toBe(plain.push(coming.content));
      return;
    }
    case "learn": {
      const text = plain.versions.get(command.number);
      if (text === undefined) return;
      const { read } = await readerOf(created, command.number);
      around.readers.push({ number: command.number, text, until: clock.now() + HOUR, read });
      return;
    }
    case "pass":
      around.copies.isLost = command.losing;
      clock.pass(command.minutes * MINUTE);
      await wake(dataset);
      around.copies.isLost = false;
      return;
    case "evict":
      await evict(dataset);
  }
}

/** Who has learnt where a version lies can read it there for an hour, as long as it is there. */
async function readAll({ versions }: PlainDataset, { readers }: Around): Promise<void> {
  for (const { number, text, until, read } of readers)
    if (versions.has(number) && clock.now() < until) expect(await read()).toBe(fileOf(text));
}

it("whatever writers, readers, evictions, repeats, removals and copies there are, each version that is left reads as it was sent", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const copies = watchCopies().seen;
  await fc.assert(
    fc.asyncProperty(fc.array(Command, { maxLength: 20, size: "max" }), async (history) => {
      const created = await createSpace({ retention: { keep_last: 2 } });
      const { dataset, read } = created;
      const plain = new PlainDataset();
      const around: Around = { coming: [], readers: [], copies };
      await oneByOne([...BEFORE, ...history, ...AFTER], async (command) => {
        await carryOut(created, plain, around, command);
        await readAll(plain, around);
      });
      await evict(dataset);

      const versions = valueOf(await dataset.versions(undefined, 100));
      expect(versions.map(({ version_number }) => version_number)).toEqual(
        [...plain.versions.keys()].toSorted((a, b) => b - a),
      );
      const { head } = valueOf(await dataset.describe());
      expect(head?.version_number ?? 0).toBe(plain.head);

      // Who has not come back by now does not come any more: first uploads end, then copies, then readers.
      for (const ms of [25 * HOUR, 10 * MINUTE, 2 * HOUR]) {
        clock.pass(ms);
        await wake(dataset);
      }
      for (const [version_number, held] of plain.versions)
        expect(await read({ version_number })).toBe(fileOf(held));
      await expectSound(created);
      const { live, stored } = await spaceOf(dataset);
      const needed = new Set([...plain.versions.values()].flatMap((held) => held.split("")));
      expect(live).toBe(fileOf([...needed].join("")).length);
      expect(stored).toBeLessThanOrEqual(2 * live);
      expect(valueOf(await dataset.describe()).stored_bytes).toBe(stored);
    }),
    { numRuns: 16 },
  );
  expect(copies.begun).toBeGreaterThan(0);
}, 120_000);
