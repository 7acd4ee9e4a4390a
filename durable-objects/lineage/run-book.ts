import type {
  ListedRun,
  NewRun,
  RunChange,
  RunListQuery,
  RunRecord,
  RunRefusal,
  RunStanding,
} from "../../contract/lineage-record.ts";
import type { LineageNode } from "../../domain/lineage/lineage-node.ts";
import { excessOf } from "../../domain/lineage/run-size.ts";
import { hasEnded } from "../../domain/lineage/run-status.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Direction, GraphStore } from "./graph-store.ts";
import type { GraphWriter } from "./graph-writer.ts";
import type { RunStore } from "./run-store.ts";

/** Inputs or outputs of a run. */
const MOST_ENDS = 1_000;

/** Runs, each a record and a node of the graph. To be called within a transaction. */
export class RunBook {
  readonly #runs: RunStore;
  readonly #graph: GraphStore;
  readonly #writer: GraphWriter;

  constructor(runs: RunStore, graph: GraphStore, writer: GraphWriter) {
    this.#runs = runs;
    this.#graph = graph;
    this.#writer = writer;
  }

  put(run: NewRun): Result<{ run: RunStanding; created: boolean }, RunRefusal> {
    const { record, request_hash, inputs, outputs } = run;
    const { run_id } = record;
    const found = this.#runs.find(run_id);
    if (found && found.request_hash !== request_hash) return fail({ code: "run_id_taken", run_id });
    if (found) return ok({ run: this.#standing(found.record), created: false });
    const put = this.#keep(record, inputs, outputs, request_hash);
    return put.ok ? ok({ run: this.#standing(record), created: true }) : put;
  }

  /** A status that has ended never changes; what a run made may be told later. */
  change(run_id: string, change: RunChange, now: number): Result<RunStanding, RunRefusal> {
    const found = this.#runs.find(run_id);
    if (!found) return fail({ code: "run_not_found", run_id });
    const { record } = found;
    const { status = record.status } = change;
    if (hasEnded(record.status) && status !== record.status)
      return fail({ code: "run_ended", run_id, status: record.status });
    const isEnding = hasEnded(status) && !hasEnded(record.status);
    const ended_at = isEnding ? (change.ended_at ?? now) : record.ended_at;
    const changed: RunRecord = {
      ...record,
      status,
      started_at: status === "running" ? (record.started_at ?? now) : record.started_at,
      ended_at,
      status_at: status === record.status ? record.status_at : (ended_at ?? now),
      parameters: { ...record.parameters, ...change.parameters },
      metrics: { ...record.metrics, ...change.metrics },
      updated_at: now,
    };
    const excess = excessOf({
      parameters: change.parameters && changed.parameters,
      metrics: change.metrics && changed.metrics,
    });
    if (excess) return fail({ code: "run_too_large", run_id, ...excess });
    const put = this.#keep(changed, [], change.outputs);
    return put.ok ? ok(this.#standing(changed)) : put;
  }

  find(run_id: string): Result<RunStanding, RunRefusal> {
    const found = this.#runs.find(run_id);
    return found ? ok(this.#standing(found.record)) : fail({ code: "run_not_found", run_id });
  }

  list(query: RunListQuery): ListedRun[] {
    return this.#runs.list(query);
  }

  remove(run_id: string): Result<null, RunRefusal> {
    const found = this.#runs.find(run_id);
    if (!found) return fail({ code: "run_not_found", run_id });
    const { outputs } = this.#standing(found.record);
    if (outputs.length > 0)
      return fail({ code: "run_in_use", run_id, outputs: outputs.map(({ node_id }) => node_id) });
    this.#graph.removeNodes([...this.#graph.keysOf([run_id]).values()]);
    this.#runs.remove(run_id);
    return ok(null);
  }

  #keep(
    record: RunRecord,
    inputs: readonly LineageNode[],
    outputs: readonly LineageNode[],
    request_hash?: string,
  ) {
    this.#runs.put(record, request_hash);
    const to = record.run_id;
    return this.#writer.put(
      {
        nodes: [runNode(record)],
        guests: [...inputs, ...outputs],
        edges: [
          ...inputs.map(({ node_id: from }) => ({ from, to })),
          ...outputs.map(({ node_id }) => ({ from: to, to: node_id })),
        ],
      },
      false,
    );
  }

  #standing(record: RunRecord): RunStanding {
    const key = this.#graph.keyOf(record.run_id);
    const ends = (direction: Direction) =>
      key === undefined ? [] : this.#graph.nodesBeside(key, direction, MOST_ENDS);
    return {
      ...record,
      inputs: ends("upstream").filter(({ node_type }) => node_type !== "external_job"),
      outputs: ends("downstream"),
    };
  }
}

/** What the graph shows of a run. */
export const runNode = ({
  run_id,
  name,
  created_at,
  status,
  code_hash,
}: RunRecord): LineageNode => ({
  node_id: run_id,
  node_type: "run",
  label: name,
  created_at,
  metadata: { status, code_hash },
});
