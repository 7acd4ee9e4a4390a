import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { datasets, type Linnet } from "../../../clients/sdk/index.ts";
import { atOnce } from "../../../clients/sdk/at-once.ts";
import type { ByteFile } from "../../../clients/sdk/byte-file.ts";
import { hashChunks } from "../../../clients/sdk/hash-chunks.ts";
import { sendChunks } from "../../../clients/sdk/send-chunks.ts";
import { sourceOf } from "../../../domain/datasets/byte-source.ts";
import { CHUNK_SIZES, chunksOf } from "../../../domain/datasets/chunks/fast-cdc.ts";
import { parquetBoundaries } from "../../../domain/datasets/chunks/parquet-boundaries.ts";
import { decodePack, PACK_LIMITS } from "../../../domain/datasets/chunks/pack-frame.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import { datasetStandIn, sha256 } from "./dataset-stand-in.ts";
import { type Answer, problem, type Received } from "./stand-in.ts";

const MB = 1_000_000;

/** Bytes that no chunk finds twice. */
function randomBytes(length: number, seed: string): Uint8Array<ArrayBuffer> {
  let state = seededRandom(seed).integer(2 ** 31) | 1;
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let at = 0; at < words.length; at += 1) {
    // xorshift32: Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003).
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}
const FILE = randomBytes(1.5 * MB, "a file");
/** A full pack and a part of one. */
const BIG = randomBytes(20 * MB, "a big file");
/** More than is sent unseen. */
const MIDDLING = BIG.subarray(0, 5 * MB);
const edited = (): Uint8Array<ArrayBuffer> => {
  const inserted = new TextEncoder().encode("a row that was not there");
  return new Uint8Array([...FILE.subarray(0, MB / 2), ...inserted, ...FILE.subarray(MB / 2)]);
};
const progress = () => {
  const seen: datasets.DatasetUploadProgress[] = [];
  return {
    seen,
    onProgress: (now: datasets.DatasetUploadProgress) => void seen.push(now),
  };
};
const sentBytes = (packs: Uint8Array[][]) =>
  packs.flat().reduce((sum, { length }) => sum + length, 0);

describe("an upload in chunks", () => {
  it.each([
    ["bytes", () => FILE],
    ["a buffer", () => FILE.slice().buffer],
    ["a blob", () => new Blob([FILE])],
    [
      "a file that is read by ranges",
      (): ByteFile => ({ size: FILE.length, slice: async (from, to) => FILE.slice(from, to) }),
    ],
  ])("of %s arrives whole, and becomes a version", async (_, source) => {
    const { client, files, received } = await datasetStandIn();
    const terms = { message: "first", tags: ["raw"] };
    const version = await datasets.upload(client(), "bearings", source(), terms);
    expect(version).toMatchObject({ version_number: 1, content_hash: sha256(FILE), created: true });
    expect(files.map(sha256)).toEqual([sha256(FILE)]);
    expect(received[0]).toMatchObject({ method: "POST", path: "/v1/datasets/bearings/uploads" });
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({ ...terms, size_bytes: FILE.length });
    expect(received.map(({ method, path }) => `${method} …${path.slice(21)}`)).toEqual([
      "POST …/uploads",
      "POST …/uploads/upl_1/chunks",
      "PUT …/uploads/upl_1/packs",
      "POST …/uploads/upl_1/commit",
    ]);
  });

  it("sends only what the dataset does not have", async () => {
    const { client, packs } = await datasetStandIn();
    await datasets.upload(client(), "bearings", FILE);
    packs.length = 0;
    const again = await datasets.upload(client(), "bearings", FILE);
    expect(again.created).toBe(false);
    expect(packs).toEqual([]);
    const { seen, onProgress } = progress();
    const next = await datasets.upload(client(), "bearings", edited(), { onProgress });
    expect(next).toMatchObject({ version_number: 2, created: true });
    // A change is felt in its chunk and the next one or two.
    expect(sentBytes(packs)).toBeLessThan(3 * CHUNK_SIZES.maximum);
    expect(seen.at(-1)).toEqual({
      phase: "checking",
      bytes_hashed: edited().length,
      bytes_total: edited().length,
      bytes_sent: sentBytes(packs),
      bytes_to_send: sentBytes(packs),
    });
  });

  it("sends a chunk once that the file has many times", async () => {
    const { client, packs, files } = await datasetStandIn();
    const repeated = new Blob(Array.from({ length: 6 }, () => FILE.subarray(0, MB)));
    await datasets.upload(client(), "bearings", repeated);
    expect(files[0]?.length).toBe(6 * MB);
    expect(sentBytes(packs)).toBeLessThan(1.5 * MB);
  });

  it("goes on after it was cut off, and sends nothing twice that has arrived", async () => {
    let isDown = false;
    const platform = await datasetStandIn(({ path }) => {
      if (path.endsWith("/packs") && platform.packs.length === 1) isDown = true;
      return isDown ? "hang up" : undefined;
    });
    const ids: string[] = [];
    const options = {
      packsAtOnce: 1,
      retries: 0,
      onUpload: ({ upload_id }: { upload_id: string }) => void ids.push(upload_id),
    };
    const client = platform.client();
    await expect(datasets.upload(client, "bearings", BIG, options)).rejects.toMatchObject({
      code: "network",
    });
    expect(platform.packs).toHaveLength(1);
    isDown = false;
    platform.packs.push([]);
    const [uploadId] = ids;
    const version = await datasets.upload(client, "bearings", BIG, { ...options, uploadId });
    expect(version.content_hash).toBe(sha256(BIG));
    expect(ids).toEqual([uploadId, uploadId]);
    expect(sentBytes(platform.packs)).toBe(BIG.length);
    // The version is told again to who asks again.
    expect(await datasets.upload(client, "bearings", BIG, { uploadId })).toEqual(version);
  }, 20_000);

  it("gives a pack the time that it takes on a slow line", async () => {
    const platform = await datasetStandIn();
    const client = platform.client();
    const bounds: unknown[] = [];
    const call: Linnet["call"] = (asked, options) => {
      if (asked.path.endsWith("/packs")) bounds.push(options?.timeoutMs);
      return client.call(asked, options);
    };
    await datasets.upload({ ...client, call }, "bearings", FILE);
    await datasets.upload({ ...client, call }, "bearings", edited(), { timeoutMs: 5_000 });
    expect(bounds).toEqual([600_000, 5_000]);
  });

  it("outlives failures that pass, wherever they come", async () => {
    const asked = new Set<string>();
    const { client, files, received } = await datasetStandIn((request) => {
      // Of each kind of request the first is lost on its way.
      const kind = `${request.method} ${request.path.split("/").at(-1)}`;
      if (asked.has(kind)) return undefined;
      asked.add(kind);
      return asked.size % 2 === 0 ? "hang up" : problem(503, "unavailable");
    });
    await datasets.upload(client(), "bearings", FILE);
    expect(files.map(sha256)).toEqual([sha256(FILE)]);
    expect(received).toHaveLength(8);
  });

  it("waits while the platform reads the file, and tells why it was refused", async () => {
    const platform = await datasetStandIn((request, index) => {
      if (!request.path.endsWith("/commit")) return undefined;
      if (index > 5) return undefined;
      const checking = { upload_id: "upl_1", status: "checking", version: null, problem: null };
      platform.outcomes.set("upl_1", {
        status: "failed",
        problem: {
          type: "/problems/schema_mismatch",
          code: "schema_mismatch",
          title: "A value does not fit the schema",
          status: 422,
          detail: "row 4 of column 'rpm' is no number",
          instance: "upl_1",
          row: 4,
          field: "rpm",
        },
      });
      return { status: 202, json: checking };
    });
    const { seen, onProgress } = progress();
    const refused = datasets.upload(platform.client(), "bearings", FILE, { onProgress });
    await expect(refused).rejects.toMatchObject({
      code: "schema_mismatch",
      detail: "row 4 of column 'rpm' is no number",
      problem: { row: 4, field: "rpm" },
    });
    expect(platform.received.at(-1)).toMatchObject({ method: "GET" });
    expect(seen.at(-1)?.phase).toBe("checking");
  });

  it("has both ends of the file checked once, before the first of its packs", async () => {
    const { client, received, files } = await datasetStandIn();
    const more = randomBytes(6 * MB, "more than is sent unseen in a second pack");
    const file = Buffer.concat([BIG, more]);
    await datasets.upload(client(), "bearings", file);
    const sent = received.map(({ path }) => path.split("/").at(-1));
    expect(sent.filter((what) => what === "ends")).toHaveLength(1);
    expect(sent.indexOf("ends")).toBeLessThan(sent.indexOf("packs"));
    const { query, bytes } = received[sent.indexOf("ends")] ?? {};
    const mib = 2 ** 20;
    expect(query).toEqual({ head: String(mib) });
    expect(sha256(bytes ?? FILE)).toBe(
      sha256(Buffer.concat([file.subarray(0, mib), file.subarray(-mib)])),
    );
    expect(files.map(sha256)).toEqual([sha256(file)]);
  }, 20_000);

  it("has nothing checked where there is little to send", async () => {
    const platform = await datasetStandIn();
    await datasets.upload(platform.client(), "bearings", MIDDLING);
    platform.received.length = 0;
    const longer = new Blob([MIDDLING, "a row more"]);
    await datasets.upload(platform.client(), "bearings", longer);
    expect(platform.received.map(({ path }) => path.split("/").at(-1))).not.toContain("ends");
  });

  it("that its ends show to be wrong sends no pack, and is given up", async () => {
    const { client, packs, uploads, received } = await datasetStandIn(({ path }) =>
      path.endsWith("/ends") ? problem(409, "schema_incompatible") : undefined,
    );
    await expect(datasets.upload(client(), "bearings", MIDDLING)).rejects.toMatchObject({
      code: "schema_incompatible",
      status: 409,
    });
    expect(packs).toEqual([]);
    expect(received.at(-1)).toMatchObject({ method: "DELETE" });
    expect(uploads.size).toBe(0);
  });

  it.each<[string, Answer]>([
    ["busy", { ...(problem(503, "unavailable") as object), headers: { "retry-after": "9" } }],
    ["a proxy that takes no such body", { status: 413, headers: { "content-type": "text/html" } }],
  ])("goes on where nobody could look at its ends: %s", async (_, answer) => {
    const { client, files } = await datasetStandIn(({ path }) =>
      path.endsWith("/ends") ? answer : undefined,
    );
    await datasets.upload(client(), "bearings", MIDDLING);
    expect(files.map(sha256)).toEqual([sha256(MIDDLING)]);
  });

  it("that is stopped while its ends are checked can be gone on with", async () => {
    const stop = new AbortController();
    const { client, uploads } = await datasetStandIn(({ path }) => {
      if (!path.endsWith("/ends")) return undefined;
      setTimeout(() => stop.abort(new Error("enough")), 10);
      return "silence";
    });
    const stopped = datasets.upload(client(), "bearings", MIDDLING, { signal: stop.signal });
    await expect(stopped).rejects.toThrow("enough");
    expect(uploads.size).toBe(1);
  });

  it("is refused for another file than it was begun for", async () => {
    const { client } = await datasetStandIn();
    const { upload_id } = await datasets.beginUpload(client(), "bearings", { size_bytes: 10 });
    const other = datasets.upload(client(), "bearings", FILE, { uploadId: upload_id });
    await expect(other).rejects.toThrow(/of 10 bytes, and this one has 1500000/);
  });

  it("says so when the file changes while it is sent", async () => {
    const { client } = await datasetStandIn();
    let reads = 0;
    const changing: ByteFile = {
      size: FILE.length,
      // Once for whether it is Parquet, once for its chunks, and then to send them.
      slice: async (from, to) =>
        (reads += 1) <= 2 ? FILE.slice(from, to) : edited().slice(from, to).toReversed(),
    };
    await expect(datasets.upload(client(), "bearings", changing)).rejects.toMatchObject({
      code: "upload_incomplete",
      detail: expect.stringContaining("changed"),
    });
  });

  it("ends with its signal's reason, and leaves nothing under way", async () => {
    const stop = new AbortController();
    const platform = await datasetStandIn(({ path }) => {
      if (!path.endsWith("/packs")) return undefined;
      setTimeout(() => stop.abort(new Error("enough")), 10);
      return "silence";
    });
    const { signal } = stop;
    await expect(datasets.upload(platform.client(), "bearings", FILE, { signal })).rejects.toThrow(
      "enough",
    );
    const count = platform.received.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(platform.received).toHaveLength(count);
  });

  it("tells of what is hashed and sent, never less than before", async () => {
    const { client } = await datasetStandIn();
    const { seen, onProgress } = progress();
    await datasets.upload(client(), "bearings", FILE, { onProgress });
    for (const name of ["bytes_hashed", "bytes_sent", "bytes_to_send"] as const) {
      const values = seen.map((each) => each[name]);
      expect(values, name).toEqual(values.toSorted((a, b) => a - b));
      expect(values.at(-1), name).toBe(FILE.length);
    }
    expect(seen.every(({ bytes_sent, bytes_to_send }) => bytes_sent <= bytes_to_send)).toBe(true);
  });
});

describe("a push", () => {
  const pathsOf = (received: Received[]) =>
    received.map(({ method, path }) => `${method} ${path.slice("/v1/datasets/".length)}`);
  const six = randomBytes(6 * MB, "six");

  it("of a small file is one request that carries it and its terms", async () => {
    const { client, received, files } = await datasetStandIn();
    const { seen, onProgress } = progress();
    const pushed = await datasets.push(client(), "bearings", FILE, {
      message: "m",
      if_head: "none",
      tags: ["raw"],
      onProgress,
      read_options: { delimiter: ";", header: false },
    });
    expect(pushed).toMatchObject({ created: true, version_number: 1 });
    expect(pathsOf(received)).toEqual(["PUT bearings/versions"]);
    expect(received[0]?.query).toEqual({
      message: "m",
      if_head: "none",
      tag: "raw",
      delimiter: ";",
      header: "false",
    });
    expect(received[0]?.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-length": String(FILE.length),
      "idempotency-key": expect.stringMatching(/^push_[0-9a-f]{32}$/),
    });
    expect(files.map(sha256)).toEqual([sha256(FILE)]);
    expect(seen.at(-1)).toMatchObject({ phase: "checking", bytes_sent: FILE.length });
  });

  it("of a larger one is one request too while there is nothing to share bytes with", async () => {
    const { client, received } = await datasetStandIn();
    await datasets.push(client(), "bearings", six);
    expect(pathsOf(received)).toEqual(["GET bearings", "PUT bearings/versions"]);
    received.length = 0;
    await datasets.push(client(), "bearings", six);
    expect(pathsOf(received).slice(0, 2)).toEqual(["GET bearings", "POST bearings/uploads"]);
  });

  it.each([
    [{ parent_version_ids: ["dsv_1"] }],
    [{ tags: ["a", "b"] }],
    [{ read_options: { null_values: ["NA"] } }],
    [{ transformation: { transformation_type: "filter" as const } }],
    [{ schema: { fields: [{ name: "rpm", type: "float64" as const }] } }],
  ])("goes in chunks where one request cannot carry %j", async (terms) => {
    const { client, received } = await datasetStandIn();
    await datasets.push(client(), "bearings", FILE, terms);
    expect(pathsOf(received)[0]).toBe("POST bearings/uploads");
    expect(JSON.parse(received[0]?.body ?? "")).toMatchObject(terms);
  });

  it("of what one request cannot carry goes in chunks, and nothing is asked before", async () => {
    const { client, received } = await datasetStandIn(() => problem(409, "dataset_archived"));
    const slice = async (from: number, to: number) => new Uint8Array(to - from);
    const pushing = datasets.push(client(), "bearings", { size: 90_000_001, slice });
    await expect(pushing).rejects.toMatchObject({ code: "dataset_archived" });
    expect(pathsOf(received)).toEqual(["POST bearings/uploads"]);
  });

  it("goes on with an upload that was begun", async () => {
    const { client, received } = await datasetStandIn();
    const { upload_id } = await datasets.beginUpload(client(), "bearings", {
      size_bytes: FILE.length,
    });
    await datasets.push(client(), "bearings", FILE, { uploadId: upload_id });
    expect(pathsOf(received)[1]).toBe(`GET bearings/uploads/${upload_id}`);
  });
});

describe("chunks on their way", () => {
  const file = (bytes: Uint8Array<ArrayBuffer>): ByteFile => ({
    size: bytes.length,
    slice: async (from, to) => bytes.subarray(from, to),
  });

  it("fill one pack after the other", async () => {
    const arrived = new Set<string>();
    const sizes: number[] = [];
    await sendChunks(file(BIG), {
      declare: async (_, chunks) => chunks.map((__, at) => at),
      send: async (pack) => {
        const chunks = decodePack(pack);
        sizes.push(sentBytes([chunks]));
        for (const chunk of chunks) arrived.add(sha256(chunk));
      },
    });
    expect(sizes).toHaveLength(2);
    expect(sizes[0]).toBeLessThanOrEqual(PACK_LIMITS.bytes);
    expect(sizes[0]).toBeGreaterThan(PACK_LIMITS.bytes - CHUNK_SIZES.maximum);
    for await (const chunk of chunksOf([BIG])) expect(arrived.has(sha256(chunk))).toBe(true);
  });

  it("are under way so many at a time and no more", async () => {
    let [underWay, most, done] = [0, 0, 0];
    const tasks = atOnce(3);
    for (let at = 0; at < 10; at += 1)
      await tasks.start(async () => {
        most = Math.max(most, (underWay += 1));
        await new Promise((resolve) => setTimeout(resolve, 1 + (at % 3)));
        underWay -= 1;
        done += 1;
      });
    await tasks.end();
    expect({ most, underWay, done }).toEqual({ most: 3, underWay: 0, done: 10 });
  });

  const untilAborted = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => {
      const onAbort = () => reject(new Error("aborted"));
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort);
    });

  it("end together when one of them fails", async () => {
    const tasks = atOnce(3);
    let ended = 0;
    await tasks.start((signal) => untilAborted(signal).finally(() => (ended += 1)));
    await tasks.start(() => Promise.reject(new Error("refused")));
    await expect(tasks.end()).rejects.toThrow("refused");
    expect(ended).toBe(1);
    await expect(tasks.start(async () => undefined)).rejects.toThrow("refused");
  });

  it("end when the file cannot be read any more", async () => {
    let [sent, ended] = [0, 0];
    const failing: ByteFile = {
      size: BIG.length,
      slice: async (from, to) => {
        // The last bytes are read a second time for the second pack.
        if (sent === 1) throw new Error("the disk is gone");
        return BIG.subarray(from, to);
      },
    };
    const sending = sendChunks(failing, {
      declare: async (_, chunks) => chunks.map((__, at) => at),
      send: async (_, signal) => {
        sent += 1;
        await untilAborted(signal).finally(() => (ended += 1));
      },
    });
    await expect(sending).rejects.toThrow("the disk is gone");
    expect({ sent, ended }).toEqual({ sent: 1, ended: 1 });
  });

  it("are declared in order, some thousand at a time", async () => {
    const chunks = await Array.fromAsync(chunksOf([FILE]));
    // The last is cut by the end of the file, and not by its content.
    const [shortest = FILE] = chunks.slice(0, -1).sort((a, b) => a.length - b.length);
    // A chunk that is there again and again is cut alike each time.
    const times = 2_500;
    const enough = Math.ceil((4 * 2 ** 20) / shortest.length) + 1;
    const copies = Array.from({ length: enough }, () => shortest.slice());
    const block = new Uint8Array(await new Blob(copies).arrayBuffer());
    const long: ByteFile = {
      size: shortest.length * times,
      slice: async (from, to) => {
        const at = from % shortest.length;
        return block.slice(at, at + to - from);
      },
    };
    const declared: [at: number, chunks: number][] = [];
    let sent = 0;
    await sendChunks(long, {
      declare: async (at, names) => {
        declared.push([at, names.length]);
        expect(names.every(({ sha256: name }) => name === sha256(shortest))).toBe(true);
        return names.map((_, index) => index);
      },
      send: async (pack) => void (sent += decodePack(pack).length),
    });
    expect(declared[0]?.[0]).toBe(0);
    expect(declared[1]).toEqual([declared[0]?.[1], times - (declared[0]?.[1] ?? 0)]);
    expect(sent).toBe(1);
  });

  it("of a Parquet file end where its pages do", async () => {
    const random = seededRandom("parquet");
    const column = (name: string) => ({
      name,
      data: Float64Array.from({ length: 40_000 }, () => random.uniform()),
      type: "DOUBLE" as const,
    });
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData: [column("a"), column("b")] }));
    const boundaries = await parquetBoundaries(sourceOf(bytes));
    const found = (await Array.fromAsync(hashChunks(file(bytes)))).flat();
    const namesOf = async (options: object) =>
      (await Array.fromAsync(chunksOf([bytes], options))).map(sha256);
    expect(found.map(({ sha256 }) => sha256)).toEqual(await namesOf({ boundaries }));
    expect(await namesOf({ boundaries })).not.toEqual(await namesOf({}));
  });

  it("of a file are those that the platform would cut", async () => {
    const bytes = FILE.subarray(0, MB);
    const found = (await Array.fromAsync(hashChunks(file(bytes)))).flat();
    const expected = (await Array.fromAsync(chunksOf([bytes]))).map(sha256);
    expect(found.map(({ sha256 }) => sha256)).toEqual(expected);
    let at = 0;
    for (const { offset, length } of found) {
      expect(offset).toBe(at);
      at += length;
    }
    expect(at).toBe(bytes.length);
  });
});
