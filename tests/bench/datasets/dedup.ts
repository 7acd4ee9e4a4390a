import { createHash } from "node:crypto";
import { sourceOf } from "../../../domain/datasets/byte-source.ts";
import { CHUNK_SIZES, Chunker, type ChunkSizes } from "../../../domain/datasets/chunks/fast-cdc.ts";
import { PACK_LIMITS } from "../../../domain/datasets/chunks/pack-frame.ts";
import { parquetBoundaries } from "../../../domain/datasets/chunks/parquet-boundaries.ts";
import { percent, whole, type Row } from "../experiments/row.ts";
import { editedTables } from "./edited-tables.ts";
import { fileKinds, type FileKind } from "./table-files.ts";
import { xetCuts } from "./xet-chunker.ts";

/** How a file is cut: the offsets at which chunks end. */
export type Scheme = {
  name: string;
  cuts: (file: Uint8Array) => Promise<number[]> | number[];
};

/** What storing an edited file beside the one before it costs. */
export type Sharing = {
  /** Of the edited file's bytes, those in chunks that the file before has. */
  shared: number;
  chunks: number;
  /** Ranges of R2 objects that hold the edited file. */
  reads: number;
};
export type Measured = { kind: string; edit: string; bytes: number; by: Record<string, Sharing> };

export const ours = (sizes: ChunkSizes = CHUNK_SIZES): Scheme => ({
  name: "ours",
  cuts: async (file) => {
    const boundaries = await parquetBoundaries(sourceOf(file));
    return cutsOf(file, new Chunker({ sizes, boundaries }));
  },
});
export const plain: Scheme = {
  name: "without Parquet boundaries",
  cuts: (file) => cutsOf(file, new Chunker()),
};
export const xet: Scheme = { name: "Xet, 64 KiB", cuts: xetCuts };
export const wholeFile: Scheme = { name: "DVC and Git LFS", cuts: (file) => [file.length] };

const cutsOf = (file: Uint8Array, chunker: Chunker): number[] => [
  ...chunker.add(file),
  ...chunker.finish(),
];

/** What each scheme shares between a table and its edits, in every kind of file. */
export async function measureSharing(
  schemes: readonly Scheme[],
  { rows, kinds }: { rows: number; kinds: readonly FileKind[] },
): Promise<Measured[]> {
  const { before, edits } = editedTables(rows);
  const measured: Measured[] = [];
  for (const kind of kinds) {
    const first = kind.write(before);
    const stored = new Map<string, Chunk[]>();
    for (const scheme of schemes)
      stored.set(scheme.name, chunksOf(first, await scheme.cuts(first)));
    for (const { edit, columns } of edits) {
      const file = kind.write(columns);
      const by: Record<string, Sharing> = {};
      for (const { name, cuts } of schemes)
        by[name] = sharingOf(stored.get(name) ?? [], chunksOf(file, await cuts(file)));
      measured.push({ kind: kind.name, edit, bytes: file.length, by });
    }
  }
  return measured;
}

/** The rows of the table of `npm run bench:datasets`. Peers of pyarrow's files need `PYTHON`. */
export async function measureDedup({ quick }: { quick: boolean }): Promise<Row[]> {
  const kinds = fileKinds(process.env["PYTHON"]);
  const schemes = [ours(), plain, xet, wholeFile];
  const measured = await measureSharing(schemes, { rows: quick ? 20_000 : 250_000, kinds });
  return measured.map(({ kind, edit, bytes, by }) => ({
    measure: `${kind}: ${edit}`,
    ours: written(by["ours"]),
    peers: [plain, xet, wholeFile]
      .filter(({ name }) => name !== plain.name || kind.startsWith("Parquet"))
      .map(({ name }) => ({ name, value: written(by[name]) })),
    how: `share of the new file's ${(bytes / 1e6).toFixed(1)} MB that the file before has`,
  }));
}

const written = (sharing: Sharing | undefined): string =>
  sharing === undefined
    ? "not measured"
    : `${percent(sharing.shared, 1)}, ${whole(sharing.chunks)} chunks, ${whole(sharing.reads)} reads`;

type Chunk = { name: string; length: number };

function chunksOf(file: Uint8Array, cuts: readonly number[]): Chunk[] {
  return cuts.map((end, index) => {
    const bytes = file.subarray(cuts[index - 1] ?? 0, end);
    return { name: createHash("sha256").update(bytes).digest("base64"), length: bytes.length };
  });
}

/** Chunks are packed in the order of the file, each once; what lies side by side in a pack is one read. */
function sharingOf(before: readonly Chunk[], after: readonly Chunk[]): Sharing {
  const places = new Map<string, Place>();
  const packed = packInto(places, before, { pack: 0, at: 0 });
  const known = new Set(places.keys());
  packInto(places, after, { pack: packed.pack + 1, at: 0 });
  let [shared, total, reads] = [0, 0, 0];
  let end: Place = { pack: -1, at: 0 };
  for (const { name, length } of after) {
    const place = places.get(name) ?? end;
    if (place.pack !== end.pack || place.at !== end.at) reads++;
    end = { pack: place.pack, at: place.at + length };
    if (known.has(name)) shared += length;
    total += length;
  }
  return { shared: shared / total, chunks: after.length, reads };
}

type Place = { pack: number; at: number };

function packInto(places: Map<string, Place>, chunks: readonly Chunk[], from: Place): Place {
  let { pack, at } = from;
  for (const { name, length } of chunks) {
    if (places.has(name)) continue;
    if (at > 0 && at + length > PACK_LIMITS.bytes) [pack, at] = [pack + 1, 0];
    places.set(name, { pack, at });
    at += length;
  }
  return { pack, at };
}
