import type { Pack } from "../../contract/dataset-record.ts";
import type { Missing } from "../../contract/dataset-work.ts";
import { CHUNK_SIZES } from "../../domain/datasets/chunks/fast-cdc.ts";
import type { ChunkRef, Recipe } from "../../domain/datasets/chunks/recipe.ts";
import { sha256 } from "./sha256.ts";

/** Of the chunks that wait to be stored, and so of an object in R2. */
const PACK_BYTES = 8 * 1_048_576;

/** Puts chunks that belong together, `body` one behind the other, into one object named by its content. */
async function storePack(
  bucket: R2Bucket,
  prefix: string,
  chunks: readonly ChunkRef[],
  body: Uint8Array,
): Promise<Pack> {
  const hash = await sha256(body);
  const key = `${prefix}${hash}`;
  await bucket.put(key, body, { sha256: hash });
  return { key, size_bytes: body.length, chunks: [...chunks] };
}

/** Takes the chunks of a file in order, and stores those that the dataset has not. */
export class PackWriter {
  readonly #bucket: R2Bucket;
  readonly #prefix: string;
  readonly #missing: Missing;
  readonly #recipe: Recipe = [];
  readonly #packs: Pack[] = [];
  readonly #seen = new Set<string>();
  /** Used anew for each pack. */
  readonly #bytes = new Uint8Array(PACK_BYTES + CHUNK_SIZES.maximum);
  #waiting: ChunkRef[] = [];
  #filled = 0;

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
    this.#waiting.push(ref);
    this.#bytes.set(bytes, this.#filled);
    this.#filled += bytes.length;
    if (this.#filled >= PACK_BYTES) await this.#flush();
  }

  async finish(): Promise<{ recipe: Recipe; packs: Pack[] }> {
    await this.#flush();
    return { recipe: this.#recipe, packs: this.#packs };
  }

  async #flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const wanted = new Set(await this.#missing(this.#waiting.map(({ sha256 }) => sha256)));
    const chunks = this.#waiting.filter((_, at) => wanted.has(at));
    let from = 0;
    let filled = 0;
    for (const [at, { length }] of this.#waiting.entries()) {
      if (wanted.has(at)) {
        this.#bytes.copyWithin(filled, from, from + length);
        filled += length;
      }
      from += length;
    }
    this.#waiting = [];
    this.#filled = 0;
    if (filled > 0)
      this.#packs.push(
        await storePack(this.#bucket, this.#prefix, chunks, this.#bytes.subarray(0, filled)),
      );
  }
}
