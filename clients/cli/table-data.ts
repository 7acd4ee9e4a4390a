import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { OptimizeRequest, VersionView } from "@linnet/sdk";
import { UsageError } from "./exit-codes.ts";
import type { World } from "./world.ts";

type Data = NonNullable<OptimizeRequest["data"]>;
type Spec = VersionView["inputs"][number];

export type TableOptions = {
  /** The column of the labels, by its name or by its number from 1 on. */
  labelColumn?: string | undefined;
  /** What each number of an input is multiplied by. */
  scale?: number | undefined;
  /** No more rows than this. */
  rows?: number | undefined;
};

/** Rows, and what the head of the table calls the numbers of one; null where none does. */
export type Table = { data: Data; names: string[] | null };

/** Rows for a model from a file: JSON as the API takes it, or CSV for a model of one input; `.gz` is unpacked. */
export const readData = async (...of: Parameters<typeof readTable>): Promise<Data> =>
  (await readTable(...of)).data;

/** The same, with the names. */
export async function readTable(
  world: World,
  file: string,
  inputs: readonly Spec[],
  options: TableOptions,
): Promise<Table> {
  const text = await readText(world, file);
  if (text.trimStart().startsWith("{"))
    return { data: parseJson(text, file, options), names: null };
  const [input, ...others] = inputs;
  if (!input || others.length > 0)
    throw new UsageError(
      `a table feeds a model of one input, and this has ${inputs.length}; give JSON: {"inputs": {…}, "labels": […]}`,
    );
  return tableOf(text, file, input, options);
}

async function readText({ cwd }: World, file: string): Promise<string> {
  const bytes = await readFile(resolve(cwd, file)).catch((cause: unknown) => {
    throw new UsageError(`cannot read ${file}`, { cause });
  });
  if (!file.endsWith(".gz")) return bytes.toString();
  const unpacked = await promisify(gunzip)(bytes).catch((cause: unknown) => {
    throw new UsageError(`${file} cannot be unpacked`, { cause });
  });
  return unpacked.toString();
}

function parseJson(text: string, file: string, options: TableOptions): Data {
  for (const [name, value] of Object.entries(options))
    if (value !== undefined) throw new UsageError(`${flagOf(name)} belongs to a table (CSV)`);
  try {
    const data: Data = JSON.parse(text);
    return data;
  } catch (cause) {
    throw new UsageError(`${file} is not JSON`, { cause });
  }
}

const flagOf = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function tableOf(
  text: string,
  file: string,
  input: Spec,
  { labelColumn, scale = 1, rows }: TableOptions,
): Table {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const cells = lines.map((line) => line.split(",").map((cell) => cell.trim()));
  const [first = []] = cells;
  // Names have no number among them, unless one of them is asked for.
  const isHead =
    first.every((cell) => cell === "" || Number.isNaN(Number(cell))) || holds(first, labelColumn);
  const body = cells.slice(isHead ? 1 : 0).slice(0, rows);
  if (body.length === 0) throw new UsageError(`${file} has no rows`);
  const label = labelColumn === undefined ? -1 : columnOf(labelColumn, first, isHead);
  const width = first.length - (label < 0 ? 0 : 1);
  const data = body.flatMap((row, index) => {
    const line = index + (isHead ? 2 : 1);
    if (row.length !== first.length)
      throw new UsageError(
        `line ${line} of ${file} has ${row.length} cells where the first has ${first.length}`,
      );
    return row
      .filter((_, column) => column !== label)
      .map((cell) => numberOf(cell, line, file) * scale);
  });
  const shape = shapeOf(input, body.length, width);
  const inputs = { [input.name]: { shape, data } };
  const labels = label < 0 ? {} : { labels: labelsOf(body.map((row) => row[label] ?? "")) };
  const names = isHead ? first.filter((_, column) => column !== label) : null;
  return { data: { inputs, ...labels }, names };
}

const holds = (first: readonly string[], column: string | undefined): boolean =>
  column !== undefined && Number.isNaN(Number(column)) && first.includes(column);

function columnOf(text: string, first: readonly string[], isHead: boolean): number {
  const named = isHead ? first.indexOf(text) : -1;
  if (named >= 0) return named;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= first.length) return number - 1;
  const columns = isHead ? `: ${first.join(", ")}` : ` without names: give a number`;
  throw new UsageError(`there is no column '${text}' among ${first.length}${columns}`);
}

function numberOf(cell: string, line: number, file: string): number {
  const value = Number(cell);
  if (cell !== "" && Number.isFinite(value)) return value;
  throw new UsageError(
    `line ${line} of ${file}: '${cell}' is not a number; if it is the label, name its column with --label-column`,
  );
}

/** Classes that are all numbers go as numbers, else all as texts. */
function labelsOf(cells: readonly string[]): (number | string)[] {
  const isNumeric = cells.every((cell) => cell !== "" && Number.isFinite(Number(cell)));
  return isNumeric ? cells.map(Number) : [...cells];
}

/** A row of so many numbers in the shape that the input declares, with one size left free at most. */
function shapeOf({ name, shape }: Spec, rows: number, width: number): number[] {
  const [, ...rest] = shape;
  const known = rest.reduce<number>((product, size) => product * (Number(size) || 1), 1);
  const free = rest.filter((size) => typeof size !== "number").length;
  if (free > 1 || width % known !== 0 || (free === 0 && width !== known))
    throw new UsageError(
      `a row has ${width} numbers, and '${name}' takes [${shape.map((size) => size ?? "?").join(", ")}]`,
    );
  return [rows, ...rest.map((size) => (typeof size === "number" ? size : width / known))];
}
