import type { Cell, Json, TensorCell } from "../../table.ts";
import { newTensorData } from "../tensor-data.ts";
import { damagedPage } from "./packed-bits.ts";
import type { LeafRows, Segment } from "./leaf-cursor.ts";
import { leafJson, type LeafType } from "./leaf-type.ts";
import type { Page } from "./page-shelf.ts";
import { listElement, mapEntry, type MapNodes, REPEATED, type SchemaNode } from "./schema-tree.ts";

export type Leaf = { node: SchemaNode; type: LeafType };

/** The cell of one value of a page; those of a dictionary are made once. */
function cellOf(page: Page, value: number, type: LeafType): Cell {
  if (page.values === null) throw damagedPage("it has fewer values than it should");
  if (page.indices === null) return type.cell(page.values, value);
  const index = page.indices[value] ?? 0;
  return (page.cells[index] ??= type.cell(page.values, index));
}

/** The rows of a leaf that lies in no list and no structure. */
export function flatCells({ segments, entries }: LeafRows, { node, type }: Leaf): Cell[] {
  const cells: Cell[] = [];
  cells.length = entries;
  let at = 0;
  for (const { page, from, to, value } of segments) {
    let next = value;
    if (page.definition === null && page.indices === null && page.values !== null) {
      for (; next < value + to - from; next++) cells[at++] = type.cell(page.values, next);
      continue;
    }
    for (let i = from; i < to; i++)
      cells[at++] =
        page.definition === null || page.definition[i] === node.definition
          ? cellOf(page, next++, type)
          : null;
  }
  return cells;
}

/** Steps through the entries of a leaf, of which each is a value, a null or an empty list. */
class EntryCursor {
  readonly leaf: Leaf;
  readonly #segments: Segment[];
  #segment = 0;
  #entry = 0;
  #value = 0;

  constructor(leaf: Leaf, { segments }: LeafRows) {
    this.leaf = leaf;
    this.#segments = segments;
    this.#entry = segments[0]?.from ?? 0;
    this.#value = segments[0]?.value ?? 0;
  }

  get #page(): Page {
    const segment = this.#segments[this.#segment];
    if (segment === undefined) throw damagedPage("its column ends in the middle of a row");
    return segment.page;
  }
  get isDone(): boolean {
    return this.#segment >= this.#segments.length;
  }
  get definition(): number {
    return this.#page.definition?.[this.#entry] ?? this.leaf.node.definition;
  }
  /** 0 where a row begins, and behind the last entry. */
  get repetition(): number {
    return this.isDone ? 0 : (this.#page.repetition?.[this.#entry] ?? 0);
  }

  cell(): Cell {
    return cellOf(this.#page, this.#value, this.leaf.type);
  }

  step(): void {
    if (this.definition === this.leaf.node.definition) this.#value++;
    this.#entry++;
    if (this.#entry < (this.#segments[this.#segment]?.to ?? 0)) return;
    const next = this.#segments[++this.#segment];
    this.#entry = next?.from ?? 0;
    this.#value = next?.value ?? 0;
  }
}

/**
 * Values of a nested column as JSON, of the levels that the format's "Dremel" paper describes
 * (Melnik et al. 2010): a structure is an object, a list an array, a map an object where its keys
 * are texts and an array of pairs where they are not.
 */
class RecordReader {
  readonly #cursors: EntryCursor[];
  readonly #first: number;

  constructor(node: SchemaNode, leaves: readonly Leaf[], rows: readonly LeafRows[]) {
    this.#first = node.firstLeaf;
    this.#cursors = leaves.map(
      (leaf, i) => new EntryCursor(leaf, rows[i] ?? { segments: [], entries: 0 }),
    );
  }

  #cursor(node: SchemaNode): EntryCursor {
    const cursor = this.#cursors[node.firstLeaf - this.#first];
    if (cursor === undefined) throw damagedPage("its schema has leaves that it has not");
    return cursor;
  }

  #skip(node: SchemaNode): void {
    for (let i = 0; i < node.leaves; i++) this.#cursors[node.firstLeaf - this.#first + i]?.step();
  }

  /** The value of a node that may be repeated: an array then. */
  read(node: SchemaNode): Json {
    const cursor = this.#cursor(node);
    if (cursor.definition < node.definition) {
      this.#skip(node);
      return node.repetition === REPEATED ? [] : null;
    }
    if (node.repetition !== REPEATED) return this.#once(node);
    const values: Json[] = [];
    do values.push(this.#once(node));
    while (cursor.repetition === node.depth);
    return values;
  }

  #once(node: SchemaNode): Json {
    if (node.children.length === 0) {
      const cursor = this.#cursor(node);
      if (cursor.definition < node.definition)
        throw damagedPage("its columns do not fit each other");
      const value = leafJson(cursor.leaf.type.type, cursor.cell());
      cursor.step();
      return value;
    }
    const element = listElement(node);
    const [repeated] = node.children;
    if (element !== undefined && repeated !== undefined) {
      const items = this.read(repeated);
      if (element === repeated || !Array.isArray(items)) return items;
      return items.map((item) => memberOf(item, element.name));
    }
    const map = mapEntry(node);
    if (map !== undefined) return this.#map(map);
    const members: [string, Json][] = node.children.map((child) => [child.name, this.read(child)]);
    return Object.fromEntries(members);
  }

  #map({ key, value, entry }: MapNodes): Json {
    const entries = this.read(entry);
    if (!Array.isArray(entries)) return entries;
    const pairs = entries.map((each): [Json, Json] => [
      memberOf(each, key.name),
      memberOf(each, value.name),
    ]);
    const isText = key.children.length === 0 && this.#cursor(key).leaf.type.type === "string";
    return isText
      ? Object.fromEntries(
          pairs.map(([name, each]) => [typeof name === "string" ? name : "", each]),
        )
      : pairs;
  }

  get isDone(): boolean {
    return this.#cursors.every((cursor) => cursor.isDone);
  }

  /** Whether every leaf is where a row begins. */
  get isBetweenRows(): boolean {
    return this.#cursors.every((cursor) => cursor.repetition === 0);
  }
}

const memberOf = (value: Json | undefined, name: string): Json =>
  value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value[name] ?? null)
    : null;

/** The rows of a column of lists, structures or maps. */
export function jsonCells(
  node: SchemaNode,
  leaves: readonly Leaf[],
  leafRows: readonly LeafRows[],
  rows: number,
): Json[] {
  const reader = new RecordReader(node, leaves, leafRows);
  const cells: Json[] = [];
  for (let row = 0; row < rows; row++) {
    if (reader.isDone || !reader.isBetweenRows)
      throw damagedPage("its columns do not fit each other");
    cells.push(reader.read(node));
  }
  if (!reader.isDone) throw damagedPage("its columns do not fit each other");
  return cells;
}

/** What a row of a list of numbers holds; null where there is no list. */
export type NumberList = TensorCell["data"] | null;

/**
 * The rows of a leaf that lies in one list. `present` is the definition level of a list that is
 * there, `listed` that of an element.
 */
export function numberLists(
  { segments }: LeafRows,
  { node, type }: Leaf,
  present: number,
  listed: number,
  missing: (row: number) => Error,
): NumberList[] {
  const lists: NumberList[] = [];
  const lengths = rowLengths(segments, listed, node.definition);
  let list: NumberList = null;
  let filled = 0;
  for (const { page, from, to, value } of segments) {
    let next = value;
    for (let i = from; i < to; i++) {
      const level = page.definition?.[i] ?? node.definition;
      if ((page.repetition?.[i] ?? 0) === 0) {
        const length = lengths[lists.length] ?? 0;
        list = level < present ? null : (newTensorData(type.type, length) ?? null);
        lists.push(list);
        filled = 0;
      }
      if (level < listed) continue;
      if (level < node.definition) throw missing(lists.length - 1);
      const stored = type.isStored === true && page.indices === null ? page.values : null;
      if (list !== null && stored !== null && stored.kind !== "bytes") {
        const run = storedRun(page, i, to, node.definition);
        list.set(stored.data.subarray(next, next + run) as never, filled);
        filled += run;
        next += run;
        i += run - 1;
        continue;
      }
      const cell = cellOf(page, next++, type);
      if (list !== null) list[filled++] = cell === true ? 1 : cell === false ? 0 : (cell as never);
    }
  }
  return lists;
}

/** How many entries from this one on are values of the same row. */
function storedRun(
  { definition, repetition }: Page,
  from: number,
  to: number,
  most: number,
): number {
  const isOn = (at: number): boolean =>
    at < to && repetition?.[at] !== 0 && (definition?.[at] ?? most) === most;
  let end = from + 1;
  while (isOn(end)) end++;
  return end - from;
}

function rowLengths(segments: readonly Segment[], listed: number, most: number): number[] {
  const lengths: number[] = [];
  for (const { page, from, to } of segments)
    for (let i = from; i < to; i++) {
      if ((page.repetition?.[i] ?? 0) === 0) lengths.push(0);
      if ((page.definition?.[i] ?? most) >= listed)
        lengths[lengths.length - 1] = (lengths.at(-1) ?? 0) + 1;
    }
  return lengths;
}
