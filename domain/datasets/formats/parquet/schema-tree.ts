import { DatasetFault } from "../../dataset-fault.ts";
import type { SchemaElement } from "./footer.ts";

const DEEPEST = 20;
const MOST_LEAVES = 10_000;

export const REQUIRED = 0;
export const OPTIONAL = 1;
export const REPEATED = 2;

/** One element of a file's schema with what lies in it. */
export type SchemaNode = {
  name: string;
  element: SchemaElement;
  repetition: number;
  /** The definition level of a value of this node that is there. */
  definition: number;
  /** How many of the nodes from the root to this one are repeated. */
  depth: number;
  children: SchemaNode[];
  /** Its leaves are those from `firstLeaf` on, as the column chunks lie in a row group. */
  firstLeaf: number;
  leaves: number;
};

const invalid = (what: string): DatasetFault =>
  new DatasetFault("file_invalid", `the Parquet schema is damaged: ${what}`);

/** The columns of a file, of its list of elements in depth-first order. */
export function schemaTree(elements: readonly SchemaElement[]): SchemaNode[] {
  let at = 1;
  let leaves = 0;
  const node = (level: number, definition: number, depth: number): SchemaNode => {
    const element = elements[at++];
    if (element?.name === undefined) throw invalid("it has fewer columns than it should");
    if (level > DEEPEST)
      throw new DatasetFault(
        "file_unsupported",
        `columns nested deeper than ${DEEPEST} are not read`,
      );
    const repetition = element.repetition ?? REQUIRED;
    const made: SchemaNode = {
      name: element.name,
      element,
      repetition,
      definition: definition + (repetition === REQUIRED ? 0 : 1),
      depth: depth + (repetition === REPEATED ? 1 : 0),
      children: [],
      firstLeaf: leaves,
      leaves: 0,
    };
    if (element.children === undefined || element.children === 0) {
      if (element.type === undefined || element.type < 0 || element.type > 7)
        throw invalid(`the column ${element.name} has no type that exists`);
      leaves++;
    } else
      for (let i = 0; i < element.children; i++)
        made.children.push(node(level + 1, made.definition, made.depth));
    made.leaves = leaves - made.firstLeaf;
    if (leaves > MOST_LEAVES)
      throw new DatasetFault("file_too_large", `the file has more than ${MOST_LEAVES} columns`);
    return made;
  };
  const columns: SchemaNode[] = [];
  for (let i = 0; i < (elements[0]?.children ?? 0); i++) columns.push(node(1, 0, 0));
  if (at !== Math.max(elements.length, 1)) throw invalid("elements are left over");
  return columns;
}

/** The leaves of a node, as the column chunks lie in a row group. */
export const leavesOf = (node: SchemaNode): SchemaNode[] =>
  node.children.length === 0 ? [node] : node.children.flatMap(leavesOf);

// ConvertedType of parquet.thrift, which older writers have in place of a logical type.
const CONVERTED_MAP = 1;
const CONVERTED_MAP_KEY_VALUE = 2;
const CONVERTED_LIST = 3;

/**
 * The elements of a list, by the rules of the format's LogicalTypes.md for lists that older writers
 * made; undefined for what is no list.
 */
export function listElement(node: SchemaNode): SchemaNode | undefined {
  const { element, children } = node;
  if (element.logical?.list === undefined && element.converted !== CONVERTED_LIST) return undefined;
  const [repeated] = children;
  if (children.length !== 1 || repeated?.repetition !== REPEATED) return undefined;
  const [only] = repeated.children;
  const isElement =
    repeated.children.length !== 1 ||
    only === undefined ||
    repeated.name === "array" ||
    repeated.name === `${node.name}_tuple`;
  return isElement ? repeated : only;
}

export type MapNodes = { entry: SchemaNode; key: SchemaNode; value: SchemaNode };

/** The entries of a map with their keys and values, or undefined for what is none. */
export function mapEntry({ element, children }: SchemaNode): MapNodes | undefined {
  const isMap =
    element.logical?.map !== undefined ||
    element.converted === CONVERTED_MAP ||
    element.converted === CONVERTED_MAP_KEY_VALUE;
  const [entry] = children;
  if (!isMap || children.length !== 1 || entry?.repetition !== REPEATED) return undefined;
  const [key, value] = entry.children;
  return key === undefined || value === undefined ? undefined : { entry, key, value };
}
