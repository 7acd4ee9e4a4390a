import type { Json } from "../../datasets/table.ts";
import type { LineageEdge, LineageNode } from "../lineage-node.ts";
import { externalDatasetNode, externalJobNode, nodeKind } from "../node-kind.ts";
import type { RunObservation } from "./merge-run.ts";
import type { EventDataset, EventJob, Facets, OpenLineageEvent } from "./event.ts";
import { statedEdges, type StatedEnd } from "./lineage-facet.ts";
import { runIdOf } from "./run-uuid.ts";

/** A facet of a node as one event has told of it; of two, the one of the later event holds. */
export type ToldFacet = { node_id: string; name: string; at: number; body: string };

/** What may be a version that Linnet holds: its id, or the name that people know it by. */
export type OwnVersion = { kind: "dataset_version" | "model_version"; id?: string; label?: string };

export type Facts = {
  nodes: LineageNode[];
  edges: LineageEdge[];
  facets: ToldFacet[];
  /** By the id of the node that stands for it where Linnet does not hold it. */
  own: Map<string, OwnVersion>;
  run: RunObservation | null;
};

/** The namespace of what Linnet itself holds; models are `models/{name}` in it. */
export const OWN_NAMESPACE = "linnet";
const OWN_MODELS = "models/";
const LONGEST_FACET = 65_536;

/** What an event adds to what is known. The order in which events come makes no difference. */
export function factsOf(event: OpenLineageEvent): Facts {
  const { at } = event;
  const facts: Facts = { nodes: [], edges: [], facets: [], own: new Map(), run: null };
  if (event.kind === "dataset") {
    addDataset(facts, event.dataset, at, "");
    addStated(facts, event, null);
    return facts;
  }
  const job = addJob(facts, event.job, at);
  const step = event.kind === "run" ? runIdOf(event.run_id) : job;
  if (event.kind === "run") {
    facts.run = {
      run_id: step,
      name: event.job.name,
      job: { namespace: event.job.namespace, name: event.job.name },
      type: event.type,
      at,
      producer: event.producer,
    };
    facts.edges.push({ from: job, to: step });
    addFacets(facts, step, event.run_facets, at, "");
  }
  for (const input of event.inputs)
    facts.edges.push({ from: addDataset(facts, input, at, "input/"), to: step });
  for (const output of event.outputs)
    facts.edges.push({ from: step, to: addDataset(facts, output, at, "output/") });
  addStated(facts, event, step);
  return facts;
}

/**
 * Edges of facets `lineage`. `self`: the run or job that the event is of. A field that comes from
 * another of its own dataset makes no edge.
 */
function addStated(facts: Facts, event: OpenLineageEvent, self: string | null): void {
  const data = event.kind === "dataset" ? [event.dataset] : [...event.inputs, ...event.outputs];
  // The facet names no version, but is told beside what does.
  const named = new Map(data.map((each) => [keyOf(each), datasetNodeOf(each).node_id]));
  const seen = new Set(facts.edges.map(edgeKeyOf));
  for (const { from, to } of statedEdges(event)) {
    const [source, target] = [from, to].map((end) =>
      end.kind === "self"
        ? self
        : (end.kind === "dataset" && named.get(keyOf(end))) || addEnd(facts, end, event.at),
    );
    if (!source || !target || source === target) continue;
    const edge = { from: source, to: target };
    if (seen.has(edgeKeyOf(edge))) continue;
    seen.add(edgeKeyOf(edge));
    facts.edges.push(edge);
  }
}

const edgeKeyOf = ({ from, to }: LineageEdge): string => JSON.stringify([from, to]);
const keyOf = ({ namespace, name }: { namespace: string; name: string }): string =>
  JSON.stringify([namespace, name]);

function addEnd(facts: Facts, end: Exclude<StatedEnd, { kind: "self" }>, at: number): string {
  if (end.kind === "job") return addJob(facts, { ...end, facets: {} }, at);
  if (end.kind === "dataset")
    return addDataset(facts, { ...end, facets: {}, useFacets: {} }, at, "");
  const run = runIdOf(end.run_id);
  if (end.job) facts.edges.push({ from: addJob(facts, { ...end.job, facets: {} }, at), to: run });
  return run;
}

function addJob(facts: Facts, { namespace, name, facets }: EventJob, at: number): string {
  const node_id = externalJobNode(namespace, name);
  const metadata = { namespace, name };
  facts.nodes.push({ node_id, node_type: "external_job", label: name, created_at: at, metadata });
  addFacets(facts, node_id, facets, at, "");
  return node_id;
}

function addDataset(facts: Facts, dataset: EventDataset, at: number, use: string): string {
  const { namespace, name } = dataset;
  const { node_id, own } = datasetNodeOf(dataset);
  facts.nodes.push({
    node_id,
    node_type: "external_dataset",
    label: name,
    created_at: at,
    metadata: { namespace, name },
  });
  if (own) facts.own.set(node_id, own);
  addFacets(facts, node_id, dataset.facets, at, "");
  addFacets(facts, node_id, dataset.useFacets, at, use);
  return node_id;
}

/** Several versions of one dataset may have their part in one run. */
function datasetNodeOf(dataset: EventDataset): { node_id: string; own: OwnVersion | null } {
  const own = ownVersion(dataset);
  const name = own ? (own.id ?? own.label ?? dataset.name) : dataset.name;
  return { node_id: externalDatasetNode(dataset.namespace, name), own };
}

/** https://openlineage.io/docs/spec/facets/dataset-facets/version_facet */
function ownVersion({ namespace, name, facets }: EventDataset): OwnVersion | null {
  if (namespace !== OWN_NAMESPACE) return null;
  const version = textOf(facets["version"]?.["datasetVersion"]);
  for (const id of [version, name])
    if (id !== null && nodeKind(id) === "dataset_version") return { kind: "dataset_version", id };
  if (version === null) return null;
  if (name.startsWith(OWN_MODELS))
    return { kind: "model_version", label: `${name.slice(OWN_MODELS.length)}@${version}` };
  return { kind: "dataset_version", label: `${name}@${version}` };
}

/** What is longer names no version of Linnet's. */
const LONGEST_VERSION = 250;

const textOf = (value: Json | undefined): string | null =>
  (typeof value === "string" && value.length <= LONGEST_VERSION && value.isWellFormed()) ||
  typeof value === "number"
    ? String(value)
    : null;

/** A facet that is too large to be kept is named, with its size. */
function addFacets(facts: Facts, node_id: string, facets: Facets, at: number, use: string): void {
  for (const [name, facet] of Object.entries(facets)) {
    const whole = JSON.stringify(facet);
    const body =
      whole.length <= LONGEST_FACET
        ? whole
        : JSON.stringify({ _left_out: `${whole.length} characters, and at most ${LONGEST_FACET}` });
    facts.facets.push({ node_id, name: `${use}${name}`, at, body });
  }
}
