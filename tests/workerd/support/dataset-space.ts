import { env } from "cloudflare:workers";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, onTestFinished, vi } from "vitest";
import { packPrefix } from "../../../contract/dataset-record.ts";
import { Chunker } from "../../../domain/datasets/chunks/fast-cdc.ts";
import { encodePack } from "../../../domain/datasets/chunks/pack-frame.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import { sha256 } from "../../../workers/data/sha256.ts";
import { type CreatedDataset, createDataset, objectsOf } from "./dataset-actor.ts";
import { valueOf } from "./granted.ts";
import { alarmOf } from "./outage.ts";
import { serialId } from "./serial-id.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** A clock that stands still until somebody moves it: no alarm comes by itself. */
export function standingClock() {
  let now = Date.UTC(2031, 0, 1, 12);
  vi.setSystemTime(now);
  return {
    now: () => now,
    pass(ms: number): void {
      now += ms;
      vi.setSystemTime(now);
    },
  };
}
export type Clock = ReturnType<typeof standingClock>;

type Dataset = CreatedDataset["dataset"];

const blocks = new Map<string, string>();

/** One column of texts that ends where its content ends a chunk. */
function blockOf(name: string): string {
  const random = seededRandom(`block ${name}`);
  const lines = Array.from({ length: 20_000 }, () => `${name}${random.integer(2 ** 40)}\n`).join(
    "",
  );
  const [end] = new Chunker().add(new TextEncoder().encode(lines));
  return lines.slice(0, end);
}

/** A file with a chunk for each of these letters: files share just the chunks whose letters they share. */
export function fileOf(letters: string): string {
  for (const letter of letters) blocks.set(letter, blocks.get(letter) ?? blockOf(letter));
  return letters
    .split("")
    .map((letter) => blocks.get(letter))
    .join("");
}

/** A dataset for such files, whose first line names the column. */
export const createSpace = (change: Parameters<typeof createDataset>[0] = {}) =>
  createDataset({ compatibility: "none", ...change });

/** Has the alarm ring until nothing is due by now. */
export async function wake(dataset: Dataset): Promise<void> {
  const due = await alarmOf(dataset);
  if (due === null || due > Date.now()) return;
  await runDurableObjectAlarm(dataset);
  await wake(dataset);
}

/** Sends a file as clients do that cut it themselves: what was answered when it was declared holds until it is committed. */
export async function declared({ dataset, dataset_id, begin }: CreatedDataset, content: string) {
  const id = serialId("upl");
  const bytes = new TextEncoder().encode(fileOf(content));
  const chunker = new Chunker();
  const ends = [...chunker.add(bytes), ...chunker.finish()];
  const chunks = ends.map((end, at) => bytes.slice(ends[at - 1] ?? 0, end));
  const recipe = await Promise.all(
    chunks.map(async (chunk) => ({ sha256: await sha256(chunk), length: chunk.length })),
  );
  valueOf(await begin(id, { size_bytes: bytes.length }));
  const missing = valueOf(await dataset.declare(id, 0, recipe));
  return {
    content,
    missing,
    send: async () => {
      if (missing.length > 0) {
        const frame = encodePack(missing.map((at) => chunks[at] ?? new Uint8Array()));
        const body = new Response(frame).body ?? new ReadableStream<Uint8Array>();
        const pack = valueOf(
          await env.DATA.storePack(body, frame.length, packPrefix(dataset_id, id)),
        );
        valueOf(await dataset.addPack(id, pack));
      }
      valueOf(await dataset.commit(id));
      await wake(dataset);
      return valueOf(await dataset.upload(id));
    },
  };
}
export type Declared = Awaited<ReturnType<typeof declared>>;

/** Where a version lies now; whoever has learnt it may read there for a while. */
export async function readerOf({ dataset }: CreatedDataset, version_number: number) {
  const { file } = valueOf(await dataset.stored({ version_number }));
  return {
    keys: [...new Set(file.extents.map(({ key }) => key))],
    read: async () => new Response(await env.DATA.read(file, 0, file.size_bytes)).text(),
  };
}

/** Bytes of chunks that versions need, and of the packs in which they lie. */
export const spaceOf = (dataset: Dataset): Promise<{ live: number; stored: number }> =>
  runInDurableObject(dataset, (_, { storage }) =>
    storage.sql
      .exec<{ live: number; stored: number }>(
        `SELECT (SELECT COALESCE(SUM(length), 0) FROM chunk WHERE segments > 0) AS live,
           (SELECT COALESCE(SUM(size_bytes), 0) FROM pack) AS stored`,
      )
      .one(),
  );

/** The objects in R2 are the packs of the actor, and each pack counts right what of it is needed. */
export async function expectSound({ dataset, dataset_id }: CreatedDataset): Promise<void> {
  const packs = await runInDurableObject(dataset, (_, { storage }) =>
    storage.sql
      .exec<{ key: string; live_bytes: number; counted: number }>(
        `SELECT key, live_bytes,
           (SELECT COALESCE(SUM(length), 0) FROM chunk WHERE pack = pack.id AND segments > 0) AS counted
         FROM pack ORDER BY key`,
      )
      .toArray(),
  );
  expect(await objectsOf(dataset_id)).toEqual(packs.map(({ key }) => key));
  for (const { live_bytes, counted } of packs) expect(live_bytes).toBe(counted);
}

type Repack = typeof env.DATA.repack;

/** What becomes of copies: they are answered for, lost on their way back, or wait until they are let go. */
export function watchCopies() {
  const { repack } = env.DATA;
  const seen = { begun: 0, isHeld: false, isLost: false };
  // A look at a flag now and then, because a promise may not be awaited across actors.
  const turn = async (done: () => boolean): Promise<void> => {
    if (done()) return;
    await scheduler.wait(1);
    await turn(done);
  };
  const answer = async (...asked: Parameters<Repack>) => {
    const copied = await repack(...asked);
    seen.begun += 1;
    await turn(() => !seen.isHeld);
    if (seen.isLost) throw new Error("the Worker was replaced");
    return copied;
  };
  // An actor may have a stub of its own, so that one property of one stub is not enough.
  const stubs = Object.getPrototypeOf(env.DATA) as object;
  Object.defineProperty(stubs, "repack", { value: answer, configurable: true });
  const stop = () => void Reflect.deleteProperty(stubs, "repack");
  onTestFinished(stop);
  return {
    seen,
    stop,
    /** Has something happen after a copy was made and before the dataset hears of it. */
    async meanwhile(dataset: Dataset, work: () => Promise<unknown>): Promise<void> {
      const before = seen.begun;
      seen.isHeld = true;
      const woken = runDurableObjectAlarm(dataset);
      woken.catch(() => undefined);
      await turn(() => seen.begun > before);
      await work();
      seen.isHeld = false;
      await woken;
    },
  };
}
