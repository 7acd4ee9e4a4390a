import { DatasetFault } from "../../dataset-fault.ts";
import type { NumericData } from "../../../tensors/element-arrays.ts";
import type { Batch, TwoPassWriter } from "../../table.ts";
import { elementCount } from "../tensor-data.ts";
import { joinBytes } from "./structure.ts";
import { writtenColumn, type WrittenColumn } from "./write-column.ts";
import { datasetHeader, groupHeader, superblock, SUPERBLOCK_SIZE } from "./write-headers.ts";
import { HeapWriter } from "./write-heap.ts";
import { chunkTree } from "./write-tree.ts";

/** Of the chunks of all columns that are filled at a time, which are held. */
const ROW_GROUP_BYTES = 4 * 2 ** 20;
const MOST_CHUNK_ROWS = 65_536;
/** A chunk's size has 32 bits. */
const MOST_CHUNK_BYTES = 2 ** 32 - 1;

/**
 * An HDF5 file with one array a column, in groups where a column's name is a path: texts, JSON,
 * bytes and sequences of any length, tensors as further axes, booleans as h5py has them, dates and
 * timestamps as integers with their unit. NaN stands for a missing float; any other missing value,
 * and a column that HDF5 cannot hold, is a DatasetFault that names it.
 *
 * The file begins with where it ends: rows of texts or sequences are gone through twice.
 */
export const writeHdf5: TwoPassWriter = async function* (schema, openBatches, rows) {
  const columns = schema.fields.map(writtenColumn);
  const tree = pathTree(columns);
  const plan: Plan = { columns, rows, chunkRows: chunkRowsOf(columns, rows) };
  const end = SUPERBLOCK_SIZE + (await dataSize(plan, openBatches));
  const empty = columns.map(() => Array.from({ length: groupCount(plan) }, () => 0));
  const sized = tail(plan, tree, empty, end);
  yield superblock(sized.root, end + sized.bytes.length);
  const addresses: number[][] = columns.map(() => []);
  let position = SUPERBLOCK_SIZE;
  for await (const piece of dataPieces(plan, openBatches())) {
    if (piece.column !== null) addresses[piece.column]?.push(position);
    position += piece.bytes.length;
    if (piece.bytes.length > 0) yield piece.bytes;
  }
  if (position !== end) throw new RangeError("the rows were others when they were asked for again");
  yield tail(plan, tree, addresses, end).bytes;
};

type Plan = { columns: readonly WrittenColumn[]; rows: number; chunkRows: number };

const rowBytes = ({ rest, elementSize }: WrittenColumn): number => elementCount(rest) * elementSize;

const groupCount = ({ rows, chunkRows }: Plan): number => Math.ceil(rows / chunkRows);

function chunkRowsOf(columns: readonly WrittenColumn[], rows: number): number {
  for (const column of columns)
    if (rowBytes(column) > MOST_CHUNK_BYTES)
      throw new DatasetFault(
        "file_unsupported",
        `column '${column.field.name}' has ${rowBytes(column)} bytes a row, more than an HDF5 chunk may have`,
        { field: column.field.name },
      );
  const row = columns.reduce((sum, column) => sum + rowBytes(column), 0);
  const fitting = Math.floor(ROW_GROUP_BYTES / Math.max(1, row));
  return Math.max(1, Math.min(fitting, MOST_CHUNK_ROWS, rows));
}

/** How many bytes lie between the superblock and the trees. */
async function dataSize(plan: Plan, openBatches: () => AsyncIterable<Batch>): Promise<number> {
  let size = 0;
  if (plan.columns.some(({ isVariable }) => isVariable))
    for await (const { bytes } of dataPieces(plan, openBatches())) size += bytes.length;
  else
    for (const column of plan.columns) size += groupCount(plan) * plan.chunkRows * rowBytes(column);
  return size;
}

/** What is written one behind the other: a chunk of a column, or collections of a heap. */
type Piece = { column: number | null; bytes: Uint8Array };

async function* dataPieces(plan: Plan, batches: AsyncIterable<Batch>): AsyncGenerator<Piece> {
  const { columns, rows, chunkRows } = plan;
  const heap = new HeapWriter(SUPERBLOCK_SIZE);
  let chunks: Chunk[] = [];
  let row = 0;
  for await (const batch of batches) {
    if (row + batch.rows > rows) throw new RangeError(`there are more than ${rows} rows`);
    for (let taken = 0; taken < batch.rows;) {
      if (row % chunkRows === 0) chunks = columns.map((column) => emptyChunk(column, chunkRows));
      const filled = row % chunkRows;
      const count = Math.min(batch.rows - taken, chunkRows - filled);
      // Row by row, so that a heap is the same however many rows come at a time.
      for (let at = 0; at < count; at++)
        for (const [index, column] of columns.entries()) {
          const cell = batch.columns[index]?.[taken + at] ?? null;
          column.write(cell, row + at, chunks[index]?.view ?? NOTHING, filled + at, heap);
        }
      yield { column: null, bytes: heap.take(false) };
      taken += count;
      row += count;
      if (row % chunkRows === 0 || row === rows) yield* closed(heap, chunks);
    }
  }
  if (row !== rows) throw new RangeError(`there are ${row} rows, and should be ${rows}`);
}

const NOTHING = new Uint8Array(0);

type Chunk = { bytes: Uint8Array; view: NumericData };

function emptyChunk(column: WrittenColumn, chunkRows: number): Chunk {
  const bytes = new Uint8Array(chunkRows * rowBytes(column));
  return { bytes, view: column.view(bytes) };
}

function* closed(heap: HeapWriter, chunks: readonly Chunk[]): Generator<Piece> {
  yield { column: null, bytes: heap.take(true) };
  for (const [column, { bytes }] of chunks.entries()) {
    heap.skip(bytes.length);
    yield { column, bytes };
  }
}

/** A group's members in order: columns by their place, and groups. */
type PathTree = Map<string, number | PathTree>;

function pathTree(columns: readonly WrittenColumn[]): PathTree {
  const root: PathTree = new Map();
  for (const [index, { field }] of columns.entries()) {
    const parts = field.name.split("/");
    const last = parts.pop() ?? "";
    let group = root;
    for (const part of parts) {
      const next = group.get(part) ?? new Map();
      if (typeof next === "number") throw badName(field.name, "another column has part of it");
      group.set(part, next);
      group = next;
    }
    if ([...parts, last].some((part) => part === "" || part === "." || part.includes("\0")))
      throw badName(field.name, "a part of it is empty or a dot");
    if (group.has(last)) throw badName(field.name, "another column has it, or begins with it");
    group.set(last, index);
  }
  return root;
}

const badName = (name: string, why: string): DatasetFault =>
  new DatasetFault(
    "file_unsupported",
    `column '${name}' cannot be a path in an HDF5 file, because ${why}: rename it`,
    { field: name },
  );

/** All that lies behind the data: the trees of chunks and the objects, the root last. */
function tail(
  plan: Plan,
  tree: PathTree,
  addresses: readonly (readonly number[])[],
  start: number,
): { bytes: Uint8Array; root: number } {
  const parts: Uint8Array[] = [];
  let position = start;
  const put = (bytes: Uint8Array): number => {
    parts.push(bytes);
    position += bytes.length;
    return position - bytes.length;
  };
  const datasets = plan.columns.map((column, index) => {
    const { field, type, rest, elementSize } = column;
    const { rows, chunkRows } = plan;
    const chunkBytes = chunkRows * rowBytes(column);
    const chunks = { addresses: addresses[index] ?? [], chunkRows, chunkBytes };
    const isTree = chunks.addresses.length > 1 && chunkBytes > 0;
    const built = isTree ? chunkTree({ ...chunks, rank: rest.length + 1 }, position) : null;
    if (built !== null) put(built.bytes);
    const whole = chunkBytes > 0 ? (chunks.addresses[0] ?? null) : null;
    const shape = [rows, ...rest];
    const layout = { shape, elementSize, chunkRows, isTree, address: built?.root ?? whole };
    return put(datasetHeader(field, index, type, layout));
  });
  const group = (members: PathTree): number => {
    const links = [...members].map(([name, member]) => ({
      name,
      address: typeof member === "number" ? (datasets[member] ?? 0) : group(member),
    }));
    return put(groupHeader(links));
  };
  const root = group(tree);
  return { bytes: joinBytes(parts), root };
}
