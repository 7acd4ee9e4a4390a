import { DatasetFault } from "../../dataset-fault.ts";
import { scalarOf } from "./attributes.ts";
import { PLACE } from "./conventions.ts";
import type { Hdf5Type } from "./datatype.ts";
import { tooLarge } from "./hdf5-fault.ts";
import type { Hdf5Dataset } from "./hdf5-dataset.ts";
import type { Link } from "./link.ts";
import type { Hdf5File, Hdf5Group } from "./open-hdf5.ts";

const MOST_OBJECTS = 50_000;
const DEEPEST = 64;

/** What is known of an array of a file before it is read. */
export type Found = {
  path: string;
  address: number;
  shape: number[];
  type: Hdf5Type;
  /** Its number among the columns, where the file says it. */
  place: number | null;
};

/**
 * All arrays of a file in the order of its links, each once, however many lead to it: soft links
 * lead to what other links lead to as well. What cannot become a column is told in `warnings`.
 */
export async function survey(file: Hdf5File, warnings: string[]): Promise<Found[]> {
  const found: Found[] = [];
  const seen = new Set([file.root.address]);
  const waiting = linksOf(file.root);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { group, link } = next;
    if (link.target.kind === "external")
      warnings.push(
        `'${link.name}' leads into another file ('${link.target.file}') and was not read`,
      );
    if (link.target.kind !== "object" || seen.has(link.target.address)) continue;
    seen.add(link.target.address);
    if (seen.size > MOST_OBJECTS)
      throw tooLarge(`it has more than ${MOST_OBJECTS} objects; split it into several files`);
    const object = await file.follow(group, link);
    if (object.kind === "dataset" && isArray(object, warnings)) found.push(await summary(object));
    if (object.kind !== "group") continue;
    if (object.path.split("/").length > DEEPEST)
      throw tooLarge(`its groups are nested deeper than ${DEEPEST}`);
    waiting.push(...linksOf(object));
  }
  return found;
}

/** The first at the end. */
const linksOf = (group: Hdf5Group): { group: Hdf5Group; link: Link }[] =>
  group.links.map((link) => ({ group, link })).toReversed();

/** The arrays of these paths, which must be there. */
export async function surveyPaths(file: Hdf5File, paths: readonly string[]): Promise<Found[]> {
  const found: Found[] = [];
  for (const path of paths) {
    const object = await file.find(path);
    if (object.kind !== "dataset" || object.shape === null || object.shape.length === 0)
      throw new DatasetFault(
        "option_invalid",
        `'${path}' of the option 'arrays' is ${object.kind === "dataset" ? "a single value" : "no array"}, which makes no column`,
        { field: "arrays" },
      );
    found.push({ ...(await summary(object)), path: path.replace(/^\/+/, "") });
  }
  return found;
}

async function summary({ path, address, shape, type, attributes }: Hdf5Dataset): Promise<Found> {
  const mark = attributes.get(PLACE);
  const place = mark?.type.kind === "number" ? await scalarOf(mark) : null;
  return {
    path,
    address,
    type,
    shape: shape ?? [],
    place: typeof place === "number" ? place : null,
  };
}

function isArray({ path, shape }: Hdf5Dataset, warnings: string[]): boolean {
  if (shape === null) warnings.push(`'${path}' has no elements and was not read`);
  else if (shape.length === 0) warnings.push(`'${path}' is a single value and was not read`);
  return shape !== null && shape.length > 0;
}

/** The arrays in the order of their columns, where the file says it of all. */
export function byPlace(found: readonly Found[]): Found[] | null {
  if (found.some(({ place }) => place === null)) return null;
  return found.toSorted((a, b) => (a.place ?? 0) - (b.place ?? 0));
}

/** The arrays with as many rows as most, the largest ones where several sizes are as frequent; the others are told. */
export function withMostRows(found: readonly Found[], warnings: string[]): Found[] {
  const sizes = new Map<number, { arrays: number; elements: number }>();
  for (const { shape } of found) {
    const [rows = 0] = shape;
    const size = sizes.get(rows) ?? { arrays: 0, elements: 0 };
    const elements = shape.reduce((product, dim) => product * dim, 1);
    sizes.set(rows, { arrays: size.arrays + 1, elements: size.elements + elements });
  }
  const [most] = [...sizes].sort(([, a], [, b]) => b.arrays - a.arrays || b.elements - a.elements);
  const rows = most?.[0];
  for (const { path, shape } of found)
    if (shape[0] !== rows)
      warnings.push(
        `'${path}' has the sizes ${shape.join(" x ")}, and not ${rows} rows as most arrays: it was not read`,
      );
  return found.filter(({ shape }) => shape[0] === rows);
}
