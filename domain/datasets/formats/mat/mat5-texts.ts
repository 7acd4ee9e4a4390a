import { DatasetFault } from "../../dataset-fault.ts";
import { utf8Decode } from "../../../text/utf8.ts";
import { LARGEST_CELL } from "../limits.ts";
import { countOf, invalidMat, type MatArray } from "./mat-array.ts";
import {
  type ArrayHead,
  type Element,
  MATRIX,
  type MatBytes,
  readElement,
  readHead,
} from "./mat5-element.ts";

const CHAR = 4;
/** How many cells are looked at to see whether they are texts. */
const SAMPLE = 100;

/** The UTF-16 units of characters, however they are stored. */
async function units(bytes: MatBytes, { type, data, length }: Element): Promise<ArrayLike<number>> {
  if (length > LARGEST_CELL)
    throw new DatasetFault(
      "file_too_large",
      `a text of ${length} bytes; at most ${LARGEST_CELL} are read`,
    );
  const read = await bytes.source.read(data, length);
  // Types 1 and 2 are bytes, 16 is UTF-8.
  if (type === 16) {
    const text = utf8Decode(read);
    return Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  }
  if (type === 1 || type === 2) return read;
  const view = new DataView(read.buffer, read.byteOffset, read.length);
  const { littleEndian } = bytes;
  if (type === 4 || type === 3 || type === 17)
    return Array.from({ length: length >> 1 }, (_, i) => view.getUint16(i * 2, littleEndian));
  if (type === 18 || type === 6)
    return Array.from({ length: length >> 2 }, (_, i) => view.getUint32(i * 4, littleEndian));
  throw invalidMat(`characters have the type ${type}`);
}

/** The rows of a matrix of characters, without the blanks that fill them up to the same length. */
async function charRows(bytes: MatBytes, head: ArrayHead, end: number): Promise<string[]> {
  const { dims, name, at } = head;
  const count = countOf(dims, name);
  const [rows = 0] = dims;
  if (count === 0) return rows === 0 ? [] : [""];
  const found = await units(bytes, await readElement(bytes, at, end));
  if (found.length < count && rows > 1)
    throw invalidMat(`the text ${name} should have ${count} characters, and has ${found.length}`);
  const width = rows === 1 ? found.length : count / rows;
  return Array.from({ length: rows }, (_, row) => {
    let text = "";
    for (let i = 0; i < width; i++)
      text += String.fromCodePoint(Math.min(found[row + i * rows] ?? 0, 0x10ffff));
    return rows === 1 ? text : text.replace(/ +$/, "");
  });
}

/** A matrix of characters: a text for each of its rows. */
export async function charTexts(bytes: MatBytes, head: ArrayHead, end: number): Promise<MatArray> {
  const { name, dims } = head;
  if (dims.length > 2)
    return { name, dims, kind: "other", what: `characters of ${dims.join(" x ")}` };
  const rows = await charRows(bytes, head, end);
  return {
    name,
    dims: [rows.length],
    kind: "texts",
    texts: async (from, count) => rows.slice(from, from + count),
  };
}

/** The text of one cell; null for an empty one, undefined for something else. */
async function cellText(bytes: MatBytes, element: Element): Promise<string | null | undefined> {
  if (element.type !== MATRIX) throw invalidMat(`a cell has the type ${element.type}`);
  if (element.length === 0) return null;
  const end = element.data + element.length;
  const head = await readHead(bytes, element.data, end);
  const isEmpty = countOf(head.dims, head.name) === 0;
  if (head.arrayClass !== CHAR) return isEmpty ? null : undefined;
  if (isEmpty) return "";
  if (head.dims.length > 2 || head.dims[0] !== 1) return undefined;
  const [text] = await charRows(bytes, head, end);
  return text;
}

/** Cells of texts, read one behind the other; cells of anything else are no column. */
export async function cellTexts(bytes: MatBytes, head: ArrayHead, end: number): Promise<MatArray> {
  const { name, dims } = head;
  const count = countOf(dims, name);
  const other: MatArray = {
    name,
    dims,
    kind: "other",
    what: "a cell array of other things than texts",
  };
  let at = head.at;
  for (let i = 0; i < Math.min(count, SAMPLE); i++) {
    const element = await readElement(bytes, at, end);
    if ((await cellText(bytes, element)) === undefined) return other;
    at = element.next;
  }
  const own: MatBytes = { ...bytes, source: bytes.byRange ? bytes.source : bytes.again() };
  let next = { row: 0, at: head.at };
  return {
    name,
    dims,
    kind: "texts",
    async texts(from, wanted) {
      if (from < next.row) next = { row: 0, at: head.at };
      const texts: (string | null)[] = [];
      while (next.row < from + wanted) {
        const element = await readElement(own, next.at, end);
        if (next.row >= from) texts.push(asText(await cellText(own, element), name, next.row));
        next = { row: next.row + 1, at: element.next };
      }
      return texts;
    },
  };
}

function asText(text: string | null | undefined, name: string, row: number): string | null {
  if (text !== undefined) return text;
  throw new DatasetFault(
    "schema_mismatch",
    `the cell array ${name} has something else than a text in row ${row}`,
    { field: name, row },
  );
}
