import { env } from "cloudflare:workers";
import type {
  AncestorAnswer,
  ChainAnswer,
  ImpactAnswer,
  LineageRefusal,
  NodeRecord,
  RunRecord,
  RunRefusal,
  RunStanding,
  TraceAnswer,
} from "../../../contract/lineage-record.ts";
import type { LineageEdge, LineageNode } from "../../../domain/lineage/lineage-node.ts";
import { nodeKind } from "../../../domain/lineage/node-kind.ts";
import type { Result } from "../../../domain/result.ts";
import { serialId } from "./serial-id.ts";

type Actor = ReturnType<typeof env.LINEAGE.getByName>;
type Answers = {
  upstream: TraceAnswer;
  downstream: TraceAnswer;
  commonAncestors: AncestorAnswer;
  chain: ChainAnswer;
  impact: ImpactAnswer;
  node: NodeRecord;
};

/** The graph of an owner that nobody else is. */
export function newLineage() {
  const owner_id = serialId("usr");
  const open = () => env.LINEAGE.getByName(owner_id);
  return { open, put: (...edges: string[]) => open().put(nodesOf(edges), edgesOf(edges)) };
}

/** What a method answers, under the type that RPC widens. */
export const read = <Name extends keyof Answers>(
  _name: Name,
  answer: PromiseLike<unknown>,
): Promise<Result<Answers[Name], LineageRefusal>> =>
  Promise.resolve(answer) as Promise<Result<Answers[Name], LineageRefusal>>;
export const readRun = (answer: PromiseLike<unknown>) =>
  Promise.resolve(answer) as Promise<Result<RunStanding, RunRefusal>>;
export const readNewRun = (answer: PromiseLike<unknown>) =>
  Promise.resolve(answer) as Promise<Result<{ run: RunStanding; created: boolean }, RunRefusal>>;

export const nodeOf = (node_id: string, changes: Partial<LineageNode> = {}): LineageNode => ({
  node_id,
  node_type: nodeKind(node_id) ?? "dataset_version",
  label: node_id,
  created_at: 1_000,
  metadata: {},
  ...changes,
});

/** `dsv_a dsv_b` is an edge from one to the other. */
export const edgesOf = (edges: readonly string[]): LineageEdge[] =>
  edges.map((edge) => {
    const [from = "", to = ""] = edge.split(" ");
    return { from, to };
  });
const nodesOf = (edges: readonly string[]): LineageNode[] =>
  [...new Set(edges.flatMap((edge) => edge.split(" ")))].map((id) => nodeOf(id));

export const runRecord = (run_id: string, changes: Partial<RunRecord> = {}): RunRecord => ({
  run_id,
  name: "a run",
  status: "running",
  parameters: {},
  metrics: {},
  code_hash: null,
  started_at: 2_000,
  ended_at: null,
  created_at: 2_000,
  created_by: "key_1",
  updated_at: 2_000,
  status_at: 2_000,
  job: null,
  ...changes,
});
export type { Actor as LineageStub };
