import type { ByteSource } from "../byte-source.ts";
import { DatasetFault } from "../dataset-fault.ts";
import {
  readFooter,
  readOffsetIndex,
  readPageHeader,
  type ColumnChunk,
} from "../formats/parquet/footer.ts";

/** Pages are looked for in column chunks of at least so many bytes: in shorter ones hardly one is long enough to count. */
const PAGED_BYTES = 131_072;
/** A page's header is some dozens of bytes, or a few thousand with long statistics. */
const HEADER_BYTES = 8_192;
/** Read at once, for the headers and indexes that lie close behind. */
const READ_BYTES = 65_536;
const LONGEST_INDEX = 2 ** 18;
/** To find pages: ranges read, bytes of headers and indexes parsed, and pages. The rest of a file that has more is cut at column chunks alone. */
const MOST_READS = 1_000;
const MOST_PARSED = 2 ** 21;
const MOST_PAGES = 262_144;

/**
 * Where column chunks and pages of a Parquet file begin and end, ascending: cut there, a column
 * that did not change keeps its chunks whatever lies around it. Pages come from the offset index
 * where the file has one, else from their headers one after the other. Reads the footer and at most
 * 1,000 ranges more. A file that cannot be read as Parquet has no boundaries; what the source
 * throws for another reason than a range beyond its end goes through.
 */
export async function parquetBoundaries(source: ByteSource): Promise<number[]> {
  const columns = await columnsOf(source);
  const found = columns.flatMap(({ from, to }) => [from, to]);
  const paged = columns.filter(({ from, to }) => to - from >= PAGED_BYTES);
  const pages = new PageFinder(source);
  for (const column of paged) await pages.find(column);
  return ascending([...found, ...pages.found]).filter((at) => at > 0 && at < source.size);
}

type Extent = { from: number; to: number };
type Column = Extent & { index: Extent };

async function columnsOf(source: ByteSource): Promise<Column[]> {
  try {
    const { rowGroups = [] } = await readFooter(source);
    const chunks = rowGroups.flatMap(({ columns = [] }) => columns);
    return chunks.map(toColumn).filter((column) => isWithin(column, source.size));
  } catch (thrown) {
    if (isOfTheFile(thrown)) return [];
    throw thrown;
  }
}

function toColumn({ file, metadata, offsetIndex, offsetIndexLength }: ColumnChunk): Column {
  const { dataPage = -1, dictionaryPage = 0, compressed = -1 } = metadata ?? {};
  // Some writers say 0 where there is no dictionary.
  const from = dictionaryPage > 0 ? Math.min(dictionaryPage, dataPage) : dataPage;
  const isElsewhere = file !== undefined && file !== "";
  const index = extentOf(offsetIndex ?? -1, offsetIndexLength ?? -1);
  return { ...extentOf(isElsewhere ? -1 : from, compressed), index };
}

const extentOf = (from: number, length: number): Extent => ({ from, to: from + length });
const isWithin = ({ from, to }: Extent, size: number): boolean =>
  from > 0 && from < to && to <= size;

/** What a damaged or hostile file is refused for, unlike a source that fails. */
const isOfTheFile = (thrown: unknown): boolean =>
  thrown instanceof DatasetFault &&
  ["file_invalid", "file_unsupported", "file_too_large"].includes(thrown.problem.code);

/** Collects where pages begin, within the bounds of one file. */
class PageFinder {
  readonly found: number[] = [];
  readonly #source: ByteSource;
  #reads = 0;
  #parsed = 0;
  /** What was read last, and from where. */
  #bytes: Uint8Array = new Uint8Array(0);
  #offset = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  async find(column: Column): Promise<void> {
    if (this.#isSpent()) return;
    try {
      if (isWithin(column.index, this.#source.size)) await this.#fromIndex(column, column.index);
      else await this.#fromHeaders(column);
    } catch (thrown) {
      if (!isOfTheFile(thrown)) throw thrown;
    }
  }

  async #fromIndex(column: Column, index: Extent): Promise<void> {
    const length = index.to - index.from;
    if (length > LONGEST_INDEX) return;
    this.#parsed += length;
    const bytes = await this.#read(index.from, length);
    for (const { offset = 0 } of readOffsetIndex(bytes.subarray(0, length))) {
      if (offset > column.from && offset < column.to) this.found.push(offset);
    }
  }

  async #fromHeaders({ from, to }: Column): Promise<void> {
    let at = from;
    while (at < to && !this.#isSpent()) {
      const bytes = await this.#read(at, Math.min(HEADER_BYTES, to - at));
      // As if it had them all, until it is known how many it has.
      this.#parsed += HEADER_BYTES;
      const { header, length } = readPageHeader(bytes);
      this.#parsed += length - HEADER_BYTES;
      if (header.compressed === undefined || header.compressed < 0) return;
      at += length + header.compressed;
      if (at < to) this.found.push(at);
    }
  }

  #isSpent(): boolean {
    const { length } = this.found;
    return this.#reads >= MOST_READS || this.#parsed >= MOST_PARSED || length >= MOST_PAGES;
  }

  /** The bytes from `offset` on: `length` of them or more. */
  async #read(offset: number, length: number): Promise<Uint8Array> {
    const start = offset - this.#offset;
    if (start >= 0 && start + length <= this.#bytes.length) return this.#bytes.subarray(start);
    const size = Math.min(Math.max(length, READ_BYTES), this.#source.size - offset);
    this.#bytes = await this.#source.read(offset, size);
    this.#offset = offset;
    this.#reads++;
    return this.#bytes;
  }
}

const ascending = (offsets: readonly number[]): number[] =>
  [...new Set(offsets)].sort((one, other) => one - other);
