import { canonicalJson } from "../../text/canonical-json.ts";
import { CellHash } from "../profile/cell-hash.ts";
import type { Field } from "../schema.ts";
import { isTensor, type Batch, type Cell, type TensorCell } from "../table.ts";

/** Told before a value, so that values of different kinds do not meet. */
const [NOTHING, FALSE, TRUE, NUMBER, INTEGER, TEXT, BYTES, TENSOR, TREE] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9,
] as const;

/** Tells the hash of a cell. Equal values are told alike whatever their column's type: 5 of an int64 and 5 of a float64. */
export function hashCell(hash: CellHash, cell: Cell, field: Field): void {
  if (cell === null || cell === undefined) hash.word(NOTHING);
  else if (isTensor(field)) hashTensor(hash, cell as TensorCell);
  else if (field.type === "json") {
    hash.word(TREE);
    hash.text(canonicalJson(cell));
  } else if (typeof cell === "number") hashNumber(hash, cell);
  else if (typeof cell === "bigint") hashInteger(hash, cell);
  else if (typeof cell === "string") {
    hash.word(TEXT);
    hash.text(cell);
  } else if (typeof cell === "boolean") hash.word(cell ? TRUE : FALSE);
  else {
    hash.word(BYTES);
    hash.bytes(cell as Uint8Array);
  }
}

function hashNumber(hash: CellHash, value: number): void {
  hash.word(NUMBER);
  hash.number(value);
}

function hashInteger(hash: CellHash, value: bigint): void {
  const rounded = Number(value);
  if (Number.isSafeInteger(rounded) || BigInt(rounded) === value) {
    hashNumber(hash, rounded);
    return;
  }
  hash.word(INTEGER);
  hash.word(Number(BigInt.asIntN(32, value)));
  hash.word(Number(BigInt.asIntN(32, value >> 32n)));
}

function hashTensor(hash: CellHash, { dims, data }: TensorCell): void {
  hash.word(TENSOR);
  hash.word(dims.length);
  for (const size of dims) hash.number(size);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    for (const value of data) hashInteger(hash, value);
  else for (let at = 0; at < data.length; at++) hash.number(data[at] ?? 0);
}

/** The hash of some of a row's columns, given by their places in the batch. */
export class RowHasher {
  readonly hash: CellHash;
  readonly #fields: readonly Field[];
  readonly #places: readonly number[];

  constructor(fields: readonly Field[], places: readonly number[], seed: number) {
    this.hash = new CellHash(seed);
    this.#fields = fields;
    this.#places = places;
  }

  /** Afterwards `hash` has the hash of row `at`. */
  row({ columns }: Batch, at: number): CellHash {
    const { hash } = this;
    hash.begin();
    for (const place of this.#places) {
      const field = this.#fields[place];
      if (field !== undefined) hashCell(hash, columns[place]?.[at] ?? null, field);
    }
    hash.end();
    return hash;
  }
}
