import type { NodeKind } from "./lineage-node.ts";

const BY_PREFIX: Readonly<Record<string, NodeKind>> = {
  dsv_: "dataset_version",
  trn_: "transformation",
  run_: "run",
  mdl_: "model_version",
  exp_: "experiment",
  "ds:": "external_dataset",
  "job:": "external_job",
};

/** What a node of this id is; undefined for a text that is no node's id. */
export function nodeKind(node_id: string): NodeKind | undefined {
  const prefix = /^(?:[a-z]{3}_|ds:|job:)/.exec(node_id)?.[0];
  return prefix === undefined ? undefined : BY_PREFIX[prefix];
}

export const modelVersionNode = (model_id: string, version: number): string =>
  `${model_id}@${version}`;
export const externalDatasetNode = (namespace: string, name: string): string =>
  `ds:${escaped(namespace)}/${name}`;
export const externalJobNode = (namespace: string, name: string): string =>
  `job:${escaped(namespace)}/${name}`;

/** Without it, where a namespace ends and a name begins could not be told. */
const escaped = (namespace: string): string =>
  namespace.replaceAll("%", "%25").replaceAll("/", "%2F");
