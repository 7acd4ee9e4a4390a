import type { Pack } from "../../contract/dataset-record.ts";
import type { Missing } from "../../contract/dataset-work.ts";
import type { ChunkRef, Recipe } from "../../domain/datasets/chunks/recipe.ts";
import { sha256 } from "./sha256.ts";

/** Of the chunks that wait to be stored, and so of an object in R2. */
const PACK_BYTES = 8 * 1_048_576;

/** Puts chunks that belong together into one object, named by its content. */
export async function storePack(
  bucket: R2Bucket,
  prefix: string,
  chunks: readonly { ref: ChunkRef; bytes: Uint8Array }[],
): Promise<Pack> {
  const size_bytes = chunks.reduce((sum, { ref }) => sum + ref.length, 0);
  const body = new Uint8Array(size_bytes);
  let at = 0;
  for (const { bytes } of chunks) {
    body.set(bytes, at);
    at += bytes.length;
  }
  const hash = await sha256(body);
  const key = `${prefix}${hash}`;
  await bucket.put(key, body, { sha256: hash });
  return { key, size_bytes, chunks: chunks.map(({ ref }) => ref) };
}

/** Takes the chunks of a file in order, and stores those that the dataset has not. */
export class PackWriter {
  readonly #bucket: R2Bucket;
  readonly #prefix: string;
  readonly #missing: Missing;
  readonly #recipe: Recipe = [];
  readonly #packs: Pack[] = [];
  readonly #seen = new Set<string>();
  #waiting: { ref: ChunkRef; bytes: Uint8Array }[] = [];
  #waitingBytes = 0;

  constructor(bucket: R2Bucket, prefix: string, missing: Missing) {
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#missing = missing;
  }

  /** The bytes may be used anew after it. */
  async add(bytes: Uint8Array): Promise<void> {
    const ref = { sha256: await sha256(bytes), length: bytes.length };
    this.#recipe.push(ref);
    if (this.#seen.has(ref.sha256)) return;
    this.#seen.add(ref.sha256);
    this.#waiting.push({ ref, bytes: bytes.slice() });
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= PACK_BYTES) await this.#flush();
  }

  async finish(): Promise<{ recipe: Recipe; packs: Pack[] }> {
    await this.#flush();
    return { recipe: this.#recipe, packs: this.#packs };
  }

  async #flush(): Promise<void> {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const wanted = new Set(await this.#missing(waiting.map(({ ref }) => ref.sha256)));
    const chunks = waiting.filter((_, at) => wanted.has(at));
    if (chunks.length > 0) this.#packs.push(await storePack(this.#bucket, this.#prefix, chunks));
  }
}
