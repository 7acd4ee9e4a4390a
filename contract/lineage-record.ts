import type { Json } from "../domain/datasets/table.ts";
import type { LineageEdge, LineageNode, NodeKind } from "../domain/lineage/lineage-node.ts";
import type { Stop } from "../domain/lineage/reach.ts";
import type { RunExcess } from "../domain/lineage/run-size.ts";
import type { RunStatus } from "../domain/lineage/run-status.ts";

/** What an owner's LineageActor refuses. */
export type LineageRefusal =
  | { code: "lineage_node_not_found"; node_id: string }
  /** Ids in the direction of data; it begins and ends at one node. */
  | { code: "lineage_cycle"; path: string[] }
  /** More would have to be searched than one call may: `most` edges. */
  | { code: "lineage_too_large"; most: number };

/**
 * What an actor's method answers with where that holds JSON: the types of RPC do not come to an end
 * with a type that is made of itself, so that the caller names it anew.
 */
export type Sent<_Answer extends object> = object;

export type RunRefusal =
  | LineageRefusal
  | { code: "run_not_found"; run_id: string }
  | { code: "run_id_taken"; run_id: string }
  | { code: "run_ended"; run_id: string; status: RunStatus }
  | { code: "run_in_use"; run_id: string; outputs: string[] }
  /** With what it has already. */
  | ({ code: "run_too_large"; run_id: string } & RunExcess);

export type PutAnswer = { added_nodes: number; added_edges: number };

export type TraceQuery = {
  /** Steps; 1 to MOST_DEPTH. */
  depth?: number | undefined;
  /** The kinds that are listed; others are gone through. */
  kinds?: readonly NodeKind[] | undefined;
  /** Nodes in the answer. */
  limit?: number | undefined;
  /**
   * Milliseconds. In production a clock stands still while code runs, so that this bounds nothing
   * there; what bounds the work is the number of nodes and edges that one answer may read.
   */
  budget_ms?: number | undefined;
  /** `next_cursor` of the answer before. */
  cursor?: number | undefined;
};

/** `depth` is in steps from what was asked for; edges are those of the answer. */
export type TracedNode = LineageNode & {
  depth: number;
  incoming_edges: string[];
  outgoing_edges: string[];
};

export type TraceAnswer = {
  nodes: TracedNode[];
  edges: LineageEdge[];
  truncated: boolean;
  why: Stop | null;
  next_cursor: number | null;
};

/** A node with its neighbours, the first thousand each, and what is kept of it from outside. */
export type NodeRecord = LineageNode & {
  incoming_edges: string[];
  outgoing_edges: string[];
  /** Facets of OpenLineage by name; those of inputs and outputs behind `input/` and `output/`. */
  facets: { [name: string]: Json };
};

export type AncestorAnswer = {
  ancestors: (LineageNode & { distance_a: number; distance_b: number })[];
  truncated: boolean;
};

export type CyclesAnswer = { cycles: string[][]; truncated: boolean };

/** Roots first. Where it is truncated, something is missing to do it again. */
export type ChainAnswer = { nodes: LineageNode[]; edges: LineageEdge[]; truncated: boolean };

export type Reason = {
  /** The shortest way to it from what is withdrawn. */
  path: string[];
  /** Whether every withdrawn row has come through on some way. */
  certain: boolean;
};
export type ImpactAnswer = {
  affected: (LineageNode & Reason)[];
  /** The versions of datasets on the way, what is withdrawn first: others may use them. */
  versions: (LineageNode & Reason)[];
  truncated: boolean;
};

export type RunRecord = {
  run_id: string;
  name: string;
  status: RunStatus;
  parameters: { [name: string]: Json };
  metrics: { [name: string]: number };
  code_hash: string | null;
  started_at: number | null;
  ended_at: number | null;
  created_at: number;
  /** The key that made it; the producer of the first event for one that OpenLineage told of. */
  created_by: string;
  updated_at: number;
  /** The time of the event that the status is from. */
  status_at: number;
  /** The job that OpenLineage says it is of. */
  job: { namespace: string; name: string } | null;
};

/** With the nodes that it used and made, which are its edges in the graph. */
export type RunStanding = RunRecord & { inputs: LineageNode[]; outputs: LineageNode[] };

export type NewRun = {
  record: RunRecord;
  /** Tells a repeat of the request from another use of its run_id. */
  request_hash: string;
  inputs: LineageNode[];
  outputs: LineageNode[];
};

export type RunChange = {
  status?: RunStatus | undefined;
  ended_at?: number | undefined;
  parameters?: { [name: string]: Json } | undefined;
  metrics?: { [name: string]: number } | undefined;
  outputs: LineageNode[];
};

export type RunListQuery = {
  /** Part of the name, whatever the case of ASCII letters. */
  search?: string | undefined;
  status?: RunStatus | undefined;
  /** Runs that used or made this node. */
  node_id?: string | undefined;
  /** The sequence of the last run of the page before. */
  before?: number | undefined;
  limit: number;
};

export type ListedRun = RunRecord & { sequence: number };

export const MOST_DEPTH = 100;
export const DEFAULT_DEPTH = 10;
export const MOST_TRACED = 1_000;
export const DEFAULT_TRACED = 200;
/** Nodes and edges of one call. */
export const MOST_PUT = 20_000;
