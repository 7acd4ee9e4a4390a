import { GEAR_TABLE } from "./gear-table.ts";

/** In bytes. The average is a power of two; what random data give is some 15 % above it. */
export type ChunkSizes = { minimum: number; average: number; maximum: number };

/** Chosen by measurement: docs/decisions/0026-chunks-are-cut-by-content.md. */
export const CHUNK_SIZES: ChunkSizes = { minimum: 4_096, average: 65_536, maximum: 131_072 };

export type CutOptions = {
  /** How long chunks become; `CHUNK_SIZES`. */
  sizes?: ChunkSizes;
  /**
   * Ascending offsets where a chunk ends in any case, such as the pages of a Parquet file. One that
   * is less than the minimum behind the one before it (or behind the start) does not count.
   */
  boundaries?: readonly number[];
};

/** What the top bit of the hash depends on; lower bits on less. */
const WINDOW = 32;
/** How many bits of the hash more must be zero before the average, and how many fewer from it on. */
const NORMALISATION = 2;

/**
 * Cuts a file by its content (FastCDC: Xia et al., "The Design of Fast Content-Defined Chunking",
 * IEEE TPDS 2020): a chunk ends where the top bits of a gear hash of the 32 bytes before are zero;
 * two bits more than the average asks for while the chunk is shorter than that, two fewer from then
 * on, so that sizes lie close together. What was inserted or removed changes the chunks around it,
 * and those further on are as they were. All have the minimum but the last of the file; none has
 * more than the maximum.
 *
 * The bytes may come in pieces of any size: the cuts are the same.
 */
export class Chunker {
  readonly #sizes: ChunkSizes;
  readonly #boundaries: readonly number[];
  readonly #strictShift: number;
  readonly #looseShift: number;
  #nextBoundary = 0;
  /** After 32 more bytes nothing is left of what it was: a chunk need not begin it anew. */
  #hash = 0;
  /** Where the chunk at hand begins, and how much of it has been seen. */
  #start = 0;
  #length = 0;

  constructor({ sizes = CHUNK_SIZES, boundaries = [] }: CutOptions = {}) {
    checkSizes(sizes);
    this.#sizes = sizes;
    this.#boundaries = farEnoughApart(boundaries, sizes.minimum);
    const bits = Math.log2(sizes.average);
    this.#strictShift = 32 - bits - NORMALISATION;
    this.#looseShift = 32 - bits + NORMALISATION;
  }

  /** Takes the next bytes of the file; answers the offsets in the file of the chunks' ends among them. */
  add(piece: Uint8Array): number[] {
    const cuts: number[] = [];
    let at = 0;
    while (at < piece.length) {
      const { ends, taken } = this.#advance(piece, at);
      at += taken;
      if (!ends) continue;
      this.#start += this.#length;
      this.#length = 0;
      cuts.push(this.#start);
    }
    return cuts;
  }

  /** The end of the file, unless a chunk ended there already. */
  finish(): number[] {
    return this.#length === 0 ? [] : [this.#start + this.#length];
  }

  /** Goes on to the end of the chunk at hand or of the piece. */
  #advance(piece: Uint8Array, at: number): { ends: boolean; taken: number } {
    const { minimum, average } = this.#sizes;
    const { end, lastCut } = this.#limits();
    const from = this.#length;
    const given = from + piece.length - at;
    // Positions in the chunk, and where they lie in the piece.
    const shift = at - from;
    const upTo = (limit: number): number => Math.max(from, Math.min(limit, given));
    this.#warm(piece, upTo(minimum - WINDOW) + shift, upTo(minimum - 1) + shift);
    const strictEnd = upTo(Math.min(average - 1, lastCut)) + shift;
    let cut = this.#scan(piece, upTo(minimum - 1) + shift, strictEnd, this.#strictShift);
    if (cut < 0) cut = this.#scan(piece, strictEnd, upTo(lastCut) + shift, this.#looseShift);
    this.#length = cut < 0 ? Math.min(given, end) : cut - shift;
    return { ends: cut >= 0 || this.#length === end, taken: this.#length - from };
  }

  /**
   * How long the chunk at hand can become, and where its content can cut it at last: so that what
   * is left before a boundary has the minimum too.
   */
  #limits(): { end: number; lastCut: number } {
    const { minimum, maximum } = this.#sizes;
    while ((this.#boundaries[this.#nextBoundary] ?? Infinity) <= this.#start) this.#nextBoundary++;
    const toBoundary = (this.#boundaries[this.#nextBoundary] ?? Infinity) - this.#start;
    const lastCut = Math.min(maximum, toBoundary - minimum);
    return { end: toBoundary <= maximum ? toBoundary : lastCut, lastCut };
  }

  #warm(bytes: Uint8Array, from: number, to: number): void {
    let hash = this.#hash;
    for (let at = from; at < to; at++) hash = ((hash << 1) + (GEAR_TABLE[bytes[at] ?? 0] ?? 0)) | 0;
    this.#hash = hash;
  }

  /** Where in these bytes the first chunk ends; -1 where none does. */
  #scan(bytes: Uint8Array, from: number, to: number, shift: number): number {
    let hash = this.#hash;
    for (let at = from; at < to; at++) {
      hash = ((hash << 1) + (GEAR_TABLE[bytes[at] ?? 0] ?? 0)) | 0;
      if (hash >>> shift === 0) return at + 1;
    }
    this.#hash = hash;
    return -1;
  }
}

/** The chunks of a file, each of which may be a view of one piece. At most one is held in memory. */
export async function* chunksOf(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options?: CutOptions,
): AsyncIterable<Uint8Array> {
  const chunker = new Chunker(options);
  const held = new Uint8Array((options?.sizes ?? CHUNK_SIZES).maximum);
  let filled = 0;
  let offset = 0;
  for await (const piece of pieces) {
    let from = 0;
    for (const cut of chunker.add(piece)) {
      const end = cut - offset;
      if (filled === 0) yield piece.subarray(from, end);
      else {
        held.set(piece.subarray(from, end), filled);
        yield held.slice(0, filled + end - from);
      }
      filled = 0;
      from = end;
    }
    held.set(piece.subarray(from), filled);
    filled += piece.length - from;
    offset += piece.length;
  }
  if (filled > 0) yield held.slice(0, filled);
}

/**
 * Only what is before a boundary decides whether it counts, and no other choice: what was inserted
 * far before it changes nothing.
 */
const farEnoughApart = (boundaries: readonly number[], minimum: number): number[] =>
  boundaries.filter((boundary, index) => boundary - (boundaries[index - 1] ?? 0) >= minimum);

function checkSizes({ minimum, average, maximum }: ChunkSizes): void {
  const isOrdered = WINDOW < minimum && minimum <= average && average <= maximum;
  const hasRoom = maximum >= 2 * minimum;
  const isPowerOfTwo = Number.isInteger(Math.log2(average)) && average <= 2 ** 24;
  if (
    !isOrdered ||
    !hasRoom ||
    !isPowerOfTwo ||
    !Number.isInteger(minimum) ||
    !Number.isInteger(maximum)
  )
    throw new RangeError(
      `chunk sizes are a minimum over ${WINDOW}, an average that is a power of two up to 2^24, and a maximum of twice the minimum or more, in order: not ${minimum}, ${average}, ${maximum}`,
    );
}
