import { createHash } from "node:crypto";
import { createReadStream, openAsBlob } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { atOnce } from "../../../clients/sdk/at-once.ts";

const OBJECT_BYTES = 16 * 2 ** 20;
const SENDERS = 4;

/** The least that a Worker can do to store and send bytes. */
const SCRIPT = `export default {
  async fetch(request, env) {
    const key = new URL(request.url).pathname;
    if (request.method === "GET") return new Response((await env.BUCKET.get(key)).body);
    await env.BUCKET.put(key, request.body);
    return new Response(null, { status: 204 });
  },
};`;

/** A bucket on the disk behind a bare Worker. */
export class BareStorage {
  readonly #miniflare: Miniflare;
  readonly #url: string;

  private constructor(miniflare: Miniflare, url: string) {
    this.#miniflare = miniflare;
    this.#url = url;
  }

  static async open(state: string): Promise<BareStorage> {
    const worker = {
      name: "bare",
      compatibilityDate: "2026-11-01",
      modules: true as const,
      script: SCRIPT,
      r2Buckets: ["BUCKET"],
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    };
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        host: "127.0.0.1",
        logRequests: false,
        log: new Log(LogLevel.ERROR),
        resourcePersistencePath: state,
        workers: [worker],
      }),
    );
    await miniflare.ready;
    return new BareStorage(miniflare, String(await miniflare.unsafeGetDirectURL("bare")));
  }

  async put(name: string, body: Blob | Uint8Array<ArrayBuffer>): Promise<void> {
    const answer = await fetch(new URL(name, this.#url), { method: "PUT", body });
    if (!answer.ok) throw new Error(`the bare Worker answered ${answer.status}`);
  }

  /** Puts a file as objects of the size of packs, as many at once as the SDK does; in milliseconds. */
  async putFile(file: string): Promise<number> {
    const blob = await openAsBlob(file);
    const sending = atOnce(SENDERS);
    const began = performance.now();
    for (let from = 0; from < blob.size; from += OBJECT_BYTES) {
      const part = new Uint8Array(await blob.slice(from, from + OBJECT_BYTES).arrayBuffer());
      await sending.start(() => this.put(`part-${from}`, part));
    }
    await sending.end();
    return performance.now() - began;
  }

  /** Reads these objects one after the other and hashes them; in milliseconds. */
  async getFile(size: number): Promise<{ ms: number; sha256: string }> {
    const hash = createHash("sha256");
    const began = performance.now();
    for (let from = 0; from < size; from += OBJECT_BYTES) {
      const { body } = await fetch(new URL(`part-${from}`, this.#url));
      for await (const bytes of body ?? []) hash.update(bytes);
    }
    return { sha256: hash.digest("hex"), ms: performance.now() - began };
  }

  close = (): Promise<void> => this.#miniflare.dispose();
}

/** Reads a file and hashes it, natively. */
export async function hashFile(file: string): Promise<{ ms: number; sha256: string }> {
  const hash = createHash("sha256");
  const began = performance.now();
  for await (const bytes of createReadStream(file, { highWaterMark: 4 * 2 ** 20 }))
    hash.update(bytes as Uint8Array);
  return { sha256: hash.digest("hex"), ms: performance.now() - began };
}

/** Copies a file and hashes the copy; in milliseconds. */
export async function copyAndHash(file: string): Promise<number> {
  const began = performance.now();
  await copyFile(file, `${file}.copy`);
  await hashFile(`${file}.copy`);
  const ms = performance.now() - began;
  await rm(`${file}.copy`);
  return ms;
}
