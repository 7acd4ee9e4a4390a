import type { RunRecord } from "../../contract/lineage-record.ts";
import type { Json } from "../../domain/datasets/table.ts";
import type { LineageEdge } from "../../domain/lineage/lineage-node.ts";
import { nodeKind } from "../../domain/lineage/node-kind.ts";
import type { OpenLineageEvent } from "../../domain/lineage/openlineage/event.ts";
import { type Facts, factsOf, type OwnVersion } from "../../domain/lineage/openlineage/facts.ts";
import { mergeRun, type RunObservation } from "../../domain/lineage/openlineage/merge-run.ts";
import { EVALUATION, HYPERPARAMETERS } from "../../domain/lineage/openlineage/own-facets.ts";
import type { FacetStore } from "./facet-store.ts";
import type { GraphStore } from "./graph-store.ts";
import type { GraphWriter } from "./graph-writer.ts";
import { runNode } from "./run-book.ts";
import type { RunStore } from "./run-store.ts";

/** A version of the owner's that a run has been told to use. */
export type ToldUse = { run_id: string; version_id: string };

/** Takes in what OpenLineage tells, in any order and as often as it comes. To be called within a transaction. */
export class Intake {
  readonly #store: GraphStore;
  readonly #writer: GraphWriter;
  readonly #runs: RunStore;
  readonly #facets: FacetStore;

  constructor(store: GraphStore, facets: FacetStore, writer: GraphWriter, runs: RunStore) {
    this.#store = store;
    this.#facets = facets;
    this.#writer = writer;
    this.#runs = runs;
  }

  take(events: readonly OpenLineageEvent[], now: number): ToldUse[] {
    return events.flatMap((event) => this.#takeOne(factsOf(event), now));
  }

  #takeOne(facts: Facts, now: number): ToldUse[] {
    const own = new Map<string, string>();
    for (const [node_id, version] of facts.own) {
      const id = this.#find(version);
      if (id !== undefined) own.set(node_id, id);
    }
    const idOf = (node_id: string) => own.get(node_id) ?? node_id;
    const edges = facts.edges.map(({ from, to }) => ({ from: idOf(from), to: idOf(to) }));
    const nodes = facts.nodes.filter(({ node_id }) => !own.has(node_id));
    const put = this.#writer.put({ nodes, edges }, true);
    if (!put.ok) throw new Error(`an event of at most ${nodes.length} nodes: ${put.error.code}`);
    this.#facets.put(facts.facets.map((facet) => ({ ...facet, node_id: idOf(facet.node_id) })));
    if (facts.run) this.#observe(facts.run, now);
    return facts.run ? usesOf(edges, facts.run.run_id) : [];
  }

  #find({ kind, id, label }: OwnVersion): string | undefined {
    if (id !== undefined) return this.#store.keyOf(id) === undefined ? undefined : id;
    return label === undefined ? undefined : this.#store.idOfLabel(kind, label);
  }

  #observe(observed: RunObservation, now: number): void {
    const { run_id, name, job, producer } = observed;
    const found = this.#runs.find(run_id)?.record;
    const facets = this.#facets.of(run_id);
    const record: RunRecord = {
      run_id,
      name,
      parameters: {},
      metrics: {},
      code_hash: null,
      created_by: producer,
      ...found,
      ...mergeRun(found ?? null, observed),
      ...membersOf(facets[HYPERPARAMETERS], "parameters"),
      ...membersOf(facets[EVALUATION], "metrics"),
      job: found?.job ?? job,
      updated_at: now,
    };
    this.#runs.put(record);
    this.#store.putNodes([runNode(record)]);
  }
}

const usesOf = (edges: readonly LineageEdge[], run_id: string): ToldUse[] =>
  edges
    .filter(({ from, to }) => nodeKind(from) === "dataset_version" && to === run_id)
    .map(({ from, to }) => ({ run_id: to, version_id: from }));

/** What one of Linnet's own facets says under this name; metrics are the numbers among it. */
function membersOf<Name extends "parameters" | "metrics">(
  facet: Json | undefined,
  name: Name,
): Partial<Pick<RunRecord, Name>> {
  const said = isMembers(facet) ? facet[name] : undefined;
  if (!isMembers(said)) return {};
  const kept = Object.entries(said).filter(
    ([, value]) => name === "parameters" || typeof value === "number",
  );
  return { [name]: Object.fromEntries(kept) } as Partial<Pick<RunRecord, Name>>;
}

const isMembers = (value: Json | undefined): value is { [name: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
