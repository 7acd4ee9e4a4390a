import type { Schema } from "../datasets/schema.ts";
import type { Json } from "../datasets/table.ts";
import type { TransformationRecord } from "../datasets/transformations/transformation.ts";
import { nodeKind } from "./node-kind.ts";
import type { LineageEdge, LineageNode } from "./lineage-node.ts";

export type Subgraph = { nodes: LineageNode[]; edges: LineageEdge[] };

/** `parameters` are plain JSON. */
type Transformed = Omit<TransformationRecord, "parameters"> & { parameters: object };

/** A version as its dataset's actor knows it. */
export type LineageVersion = {
  version_id: string;
  dataset_id: string;
  version_number: number;
  content_hash: string;
  row_count: number | null;
  size_bytes: number;
  parent_version_ids: readonly string[];
  transformation: Transformed | null;
  created_at: number;
};

const MOST_COLUMNS = 48;
/** Their names together, in characters. */
const LONGEST_COLUMNS = 2_000;
const MOST_PARAMETERS_LENGTH = 1_500;

/**
 * What a new version adds to the graph: itself, the transformation that made it between it and its
 * sources, and an edge from each other version that it was sent to follow.
 */
export function versionLineage(
  dataset: string,
  version: LineageVersion,
  schema: Schema | null,
): Subgraph {
  const { version_id, transformation, parent_version_ids, created_at } = version;
  const label = `${dataset}@${version.version_number}`;
  const node: LineageNode = {
    node_id: version_id,
    node_type: "dataset_version",
    label,
    created_at,
    metadata: {
      dataset_id: version.dataset_id,
      dataset,
      version_number: version.version_number,
      content_hash: version.content_hash,
      row_count: version.row_count,
      size_bytes: version.size_bytes,
      ...(schema && { schema: columnsOf(schema) }),
    },
  };
  const nodes = [node];
  const edges: LineageEdge[] = [];
  const told = new Set(transformation?.source_version_ids);
  if (transformation) {
    const { transformation_id } = transformation;
    nodes.push(transformationNode(transformation));
    for (const from of told) edges.push({ from, to: transformation_id });
    edges.push({ from: transformation_id, to: version_id });
  }
  for (const from of parent_version_ids) if (!told.has(from)) edges.push({ from, to: version_id });
  return { nodes, edges };
}

const transformationNode = (record: Transformed): LineageNode => ({
  node_id: record.transformation_id,
  node_type: "transformation",
  label: record.transformation_type,
  created_at: record.executed_at,
  metadata: {
    transformation_type: record.transformation_type,
    code_hash: record.code_hash,
    executable: record.executable,
    ...smallEnough("parameters", record.parameters),
  },
});

/** The first of them: a node is small. */
function columnsOf({ fields }: Schema): Json {
  let length = 0;
  return fields.slice(0, MOST_COLUMNS).flatMap(({ name, type }) => {
    length += name.length;
    return length > LONGEST_COLUMNS ? [] : [{ name, type }];
  });
}

/** Fitted values can be large; the version's own record has them all. */
const smallEnough = (name: string, value: object): { [name: string]: Json } =>
  JSON.stringify(value).length <= MOST_PARAMETERS_LENGTH ? { [name]: value as Json } : {};

/** A node that others name before it is known itself. */
export const unknownNode = (node_id: string): LineageNode | undefined => {
  const node_type = nodeKind(node_id);
  return (
    node_type && { node_id, node_type, label: node_id, created_at: 0, metadata: { unknown: true } }
  );
};
