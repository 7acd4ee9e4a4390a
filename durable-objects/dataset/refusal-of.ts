import type { DatasetRefusal, NewDatasetVersion } from "../../contract/dataset-record.ts";
import type { Follows } from "../../contract/dataset-work.ts";
import type { Schema } from "../../domain/datasets/schema.ts";
import { evolutionFault, evolutionProblems } from "../../domain/datasets/schema-rules/evolution.ts";
import type { DatasetStore } from "./dataset-store.ts";

/** Why a version on these terms, with this schema, cannot be the next one. */
export function refusalOf(
  store: DatasetStore,
  { if_head }: NewDatasetVersion,
  schema: Schema | null,
): DatasetRefusal | null {
  const state = store.state();
  if (!state || state.deleted_at !== null) return { code: "dataset_not_found" };
  if (state.archived_at !== null) return { code: "dataset_archived" };
  const head = store.select({});
  if (if_head !== undefined && if_head !== (head?.version_id ?? null))
    return {
      code: "head_moved",
      found: head?.version_id ?? null,
      found_number: head?.version_number ?? null,
    };
  const follows = followsOf(store);
  if (!schema || !follows) return null;
  const [first] = evolutionProblems(follows.schema, schema, follows.compatibility).errors;
  return first ? { code: "data_refused", problem: evolutionFault(first).problem } : null;
}

/** The columns that a new version's have to follow; null where it is the first. */
export function followsOf(store: DatasetStore): Follows | null {
  const state = store.state();
  if (!state) return null;
  const { compatibility, schema: declared } = state.definition;
  const head = store.select({});
  const schema = head ? store.inspection(head.version_number).schema : declared;
  return schema && { schema, compatibility };
}
