import { DatasetFault } from "../../dataset-fault.ts";
import type { Schema } from "../../schema.ts";

/** Refuses a number of sources that the transformation does not have. */
export function sourcesOf(sources: readonly Schema[], wanted: number): readonly Schema[] {
  if (sources.length === wanted) return sources;
  throw new DatasetFault(
    "transformation_invalid",
    `source_versions: the transformation has ${wanted} source${wanted === 1 ? "" : "s"}, found ${sources.length}`,
    { field: "source_versions" },
  );
}

export function onlySource(sources: readonly Schema[]): Schema {
  const [schema] = sourcesOf(sources, 1);
  if (!schema) throw new RangeError("a list of one has none");
  return schema;
}
