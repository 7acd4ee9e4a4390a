import { createHash } from "node:crypto";
import { mkdtempSync, openAsBlob, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { byteFile } from "../../../clients/sdk/byte-file.ts";
import { hashChunks } from "../../../clients/sdk/hash-chunks.ts";
import { datasets } from "../../../clients/sdk/index.ts";
import { percent, ratioOf, type Row, whole } from "../experiments/row.ts";
import { BareStorage, copyAndHash, hashFile } from "./bare-storage.ts";
import { memoryRow, mib, MIB, seconds } from "./figures.ts";
import { HeldPlatform, type Memory } from "./held-platform.ts";
import { EDITED_RUN, writeLargeCsv } from "./large-csv.ts";
import { measureQuestions } from "./questions.ts";
import { push, type Pushed } from "./push.ts";
import { measureSmallFiles } from "./small-files.ts";

type File = { path: string; bytes: number; sha256: string };
type Bare = { copy_ms: number; hash_ms: number; put_ms: number; get_ms: number };

/**
 * A large CSV file on its way through the platform and back, beside what the machine takes to copy,
 * hash, store and read the same bytes with nothing else around them.
 */
export async function measureLargeDataset({ quick }: { quick: boolean }): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "linnet-bench-datasets-"));
  const [before, after] = [join(folder, "before.csv"), join(folder, "after.csv")];
  try {
    const { bytes } = await writeLargeCsv((quick ? 64 : 1_024) * MIB, { before, after });
    const hashed = await hashFile(before);
    const file: File = { path: before, bytes, sha256: hashed.sha256 };
    const storage = await BareStorage.open(join(folder, "bare"));
    try {
      const bare = await measureBare(storage, file);
      const platform = await HeldPlatform.open(join(folder, "platform"));
      try {
        return [
          ...(await measureUpload(platform, file, bare)),
          ...(await measureKilled(platform, file, bare)),
          ...(await measureEdited(platform, after, quick)),
          ...(await measureSmallFiles(platform, storage, quick)),
        ];
      } finally {
        await platform.kill();
      }
    } finally {
      await storage.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureBare(storage: BareStorage, { path, bytes, sha256 }: File): Promise<Bare> {
  const copy_ms = await copyAndHash(path);
  const { ms: hash_ms } = await hashFile(path);
  const put_ms = await storage.putFile(path);
  const got = await storage.getFile(bytes);
  if (got.sha256 !== sha256) throw new Error("the bare Worker gave other bytes back");
  return { copy_ms, hash_ms, put_ms, get_ms: got.ms };
}

/** An upload that nothing disturbs. */
async function measureUpload(
  platform: HeldPlatform,
  { path, bytes }: File,
  { copy_ms, hash_ms, put_ms }: Bare,
): Promise<Row[]> {
  const cut_ms = await cutAndHash(path);
  await createCsv(platform, "undisturbed");
  await platform.memory();
  const { sending_ms, checking_ms, version, memory } = await push({
    ...addressOf(platform),
    dataset: "undisturbed",
    file: path,
  });
  const { process } = await platform.memory();
  const speed = speedOf(bytes);
  return [
    {
      measure: "cutting into chunks and hashing them in the SDK, MiB/s",
      ours: speed(cut_ms),
      peers: [
        { name: "sha256 of the file", ...against(cut_ms, hash_ms, speed) },
        { name: "copy and sha256 of the copy", ...against(cut_ms, copy_ms, speed) },
      ],
      how: `${mib(bytes)} MiB of CSV, ${whole(version?.chunks ?? 0)} chunks; one thread, beside Node's native hash`,
    },
    {
      measure: "sending, cutting and hashing included, MiB/s",
      ours: speed(sending_ms),
      peers: [
        { name: "PUT into R2 of a bare Worker", ...against(sending_ms, put_ms, speed) },
        { name: "copy and sha256 of the copy", ...against(sending_ms, copy_ms, speed) },
      ],
      how: "until all chunks are stored; both in objects of 16 MiB, 4 under way; R2 is Miniflare's, on the disk",
    },
    {
      measure: "inspection, MiB/s",
      ours: speed(checking_ms),
      peers: [{ name: "sha256 of the file", ...against(checking_ms, hash_ms, speed) }],
      how: "from the last chunk to the version: every row parsed and profiled, and the file's SHA-256 made, by a second read",
    },
    {
      measure: "peak resident memory, MiB",
      ours: `workerd ${whole(process)}, of which ${whole(platform.idle)} before the first dataset; the client ${whole(memory)}`,
      peers: [],
      how: "VmHWM; workerd holds all Workers, actors and Miniflare's R2, D1 and queues, with their garbage",
    },
  ];
}

async function cutAndHash(path: string): Promise<number> {
  const file = byteFile(await openAsBlob(path));
  const began = performance.now();
  let bytes = 0;
  for await (const chunks of hashChunks(file)) for (const { length } of chunks) bytes += length;
  if (bytes !== file.size) throw new Error(`the chunks have ${bytes} bytes of ${file.size}`);
  return performance.now() - began;
}

/** The client is killed with 40 % of it sent, and the platform with a quarter of the rest. */
async function measureKilled(platform: HeldPlatform, file: File, bare: Bare): Promise<Row[]> {
  const { path, bytes, sha256 } = file;
  const task = { ...addressOf(platform), dataset: "killed", file: path, packsAtOnce: 1 };
  await createCsv(platform, "killed");
  await platform.watch();
  const first = await push(task, ({ bytes_sent }, kill) => {
    if (bytes_sent > 0.4 * bytes) kill();
  });
  const known = await datasets.getUpload(platform.client, "killed", first.upload);
  const during: { outage?: Promise<Outage> } = {};
  const second = await push({ ...task, uploadId: first.upload }, (progress) => {
    const missing = bytes - first.progress.bytes_sent;
    if (progress.phase === "sending" && progress.bytes_sent > missing / 4)
      during.outage ??= restart(platform);
  });
  const outage = await during.outage;
  if (outage === undefined) throw new Error("the platform was not killed before all was sent");
  const checking = await platform.memory();
  await downloaded(platform);
  const downloading = await platform.memory();
  platform.unwatch();
  const { ms, version } = await downloaded(platform);
  if (version.content_hash !== sha256) throw new Error("the version is not the file that was sent");
  const { get_ms, copy_ms } = bare;
  const speed = speedOf(bytes);
  return [
    {
      measure: "sent after the client was killed",
      ours: resumedOf(bytes, first, second),
      peers: [{ name: "from the start again", value: `${mib(bytes)} MiB` }],
      how: `SIGKILL of the client with ${mib(first.progress.bytes_sent)} MiB answered for; ${whole(known.missing_chunks)} declared chunks were missing then; the file is hashed again; one pack under way`,
    },
    {
      measure: "the platform killed while the rest was sent, s until it runs again",
      ours: seconds(outage.ms),
      peers: [],
      how: "SIGKILL of workerd and Miniflare, started again at once on the same state; the same client goes on by itself, and the file's SHA-256 is right",
    },
    {
      measure: "download and SHA-256 in the SDK, MiB/s",
      ours: speed(ms),
      peers: [
        { name: "GET from R2 of a bare Worker and sha256", ...against(ms, get_ms, speed) },
        { name: "copy and sha256 of the copy", ...against(ms, copy_ms, speed) },
      ],
      how: "one stream; the bare Worker is asked for one object of 16 MiB after the other",
    },
    memoryRow("sending", outage.before),
    memoryRow("inspection", checking),
    memoryRow("download", downloading),
  ];
}

type Outage = { ms: number; before: Memory };

async function restart(platform: HeldPlatform): Promise<Outage> {
  const before = await platform.memory();
  const began = performance.now();
  await platform.kill();
  await platform.start();
  return { before, ms: performance.now() - began };
}

async function downloaded(platform: HeldPlatform) {
  const began = performance.now();
  const hash = createHash("sha256");
  const version = await datasets.download(platform.client, "killed", "head", () => undefined, {
    hash,
  });
  return { ms: performance.now() - began, version };
}

const resumedOf = (bytes: number, first: Pushed, second: Pushed): string => {
  const { bytes_sent } = second.progress;
  const lost = first.progress.bytes_sent + bytes_sent - bytes;
  const again = lost > 0 ? `, of which ${mib(lost)} MiB for the second time` : "";
  return `${mib(bytes_sent)} MiB${again}; ${mib(bytes - bytes_sent)} MiB were there`;
};

/** The same file with 1 % of its rows edited, as the next version. */
async function measureEdited(platform: HeldPlatform, path: string, quick: boolean): Promise<Row[]> {
  const first = await datasets.getVersion(platform.client, "killed", 1);
  const task = { ...addressOf(platform), dataset: "killed", file: path };
  const { sending_ms, checking_ms, progress, version } = await push(task);
  const { bytes_sent, bytes_total } = progress;
  if (version?.version_number !== 2 || version.new_bytes !== bytes_sent)
    throw new Error(`version ${version?.version_number} has ${version?.new_bytes} new bytes`);
  return [
    {
      measure: "a second version with 1 % of the rows edited",
      ours: `${mib(bytes_sent)} MiB sent, ${percent(bytes_sent / bytes_total, 1)}; ${seconds(sending_ms)} s, and ${seconds(checking_ms)} s of inspection`,
      peers: [{ name: "whole file, as DVC and Git LFS", value: `${mib(first.size_bytes)} MiB` }],
      how: `a cell in each row of runs of ${whole(EDITED_RUN)} rows; the platform reads all of it again`,
    },
    ...(await measureQuestions({ platform, dataset: "killed", inspection_ms: checking_ms, quick })),
  ];
}

const createCsv = (platform: HeldPlatform, name: string) =>
  datasets.create(platform.client, { name, format: "csv" });

const addressOf = ({ url, key }: HeldPlatform) => ({ url, key });

type Speed = (ms: number) => string;
const speedOf =
  (bytes: number): Speed =>
  (ms) =>
    ((bytes / MIB / ms) * 1_000).toFixed(0);

/** Theirs, and our speed as a share of it. */
const against = (ours_ms: number, theirs_ms: number, speed: Speed) => ({
  value: speed(theirs_ms),
  ratio: ratioOf(theirs_ms, ours_ms),
});
