import type { Json } from "../../datasets/table.ts";
import type { EventDataset, Facets } from "./event.ts";
import { isUuid } from "./run-uuid.ts";

/** What an edge of a facet begins or ends at; `self` is the run or job that the event is about. */
export type StatedEnd =
  | { kind: "dataset"; namespace: string; name: string }
  | { kind: "job"; namespace: string; name: string }
  | { kind: "run"; run_id: string; job: { namespace: string; name: string } | null }
  | { kind: "self" };
export type StatedEdge = { from: StatedEnd; to: StatedEnd };

type Members = { [name: string]: Json };
type Told = {
  job?: { facets: Facets };
  dataset?: EventDataset;
  inputs?: readonly EventDataset[];
  outputs?: readonly EventDataset[];
};

const NAME = "lineage";

/**
 * The edges that the facets `lineage` of an event state, of whole datasets and of their fields
 * alike. What is not as the specification has it states none, as with every facet.
 * https://openlineage.io/spec/facets/1-0-0/LineageFacet.json
 */
export function* statedEdges({
  job,
  dataset,
  inputs = [],
  outputs = [],
}: Told): Iterable<StatedEdge> {
  for (const data of [...(dataset ? [dataset] : []), ...inputs, ...outputs]) {
    const to: StatedEnd = { kind: "dataset", namespace: data.namespace, name: data.name };
    for (const from of sourcesOf(data.facets[NAME])) yield { from, to };
  }
  for (const entry of listOf(job?.facets[NAME], "entries")) {
    const to = endOf(entry);
    if (to) for (const from of sourcesOf(entry)) yield { from, to };
  }
}

function* sourcesOf(target: Json | undefined): Iterable<StatedEnd> {
  const fields = isMembers(target) ? target["fields"] : undefined;
  const described = [target, ...(isMembers(fields) ? Object.values(fields) : [])];
  for (const each of described)
    for (const input of listOf(each, "inputs")) {
      const end = endOf(input);
      if (end) yield end;
    }
}

function endOf(value: Json): StatedEnd | null {
  if (!isMembers(value)) return null;
  const { type, namespace, name, runId } = value;
  const named = isName(namespace) && isName(name) ? { namespace, name } : null;
  if (type === "DATASET") return named && { kind: "dataset", ...named };
  if (type !== "JOB") return null;
  if (typeof runId === "string" && isUuid(runId))
    return { kind: "run", run_id: runId.toLowerCase(), job: named };
  if (named) return { kind: "job", ...named };
  return namespace === undefined && name === undefined ? { kind: "self" } : null;
}

const LONGEST_NAME = 2_000;

const isName = (value: Json | undefined): value is string =>
  typeof value === "string" && value !== "" && value.length <= LONGEST_NAME && value.isWellFormed();

function listOf(value: Json | undefined, name: string): readonly Json[] {
  const list = isMembers(value) && value["_deleted"] !== true ? value[name] : undefined;
  return Array.isArray(list) ? list : [];
}

const isMembers = (value: Json | undefined): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);
