import { DurableObject } from "cloudflare:workers";
import type {
  AncestorAnswer,
  ChainAnswer,
  CyclesAnswer,
  ImpactAnswer,
  LineageRefusal,
  ListedRun,
  NewRun,
  NodeRecord,
  PutAnswer,
  RunChange,
  RunListQuery,
  RunRefusal,
  RunStanding,
  Sent,
  TraceAnswer,
  TraceQuery,
} from "../../contract/lineage-record.ts";
import type { LineageEdge, LineageNode } from "../../domain/lineage/lineage-node.ts";
import type { OpenLineageEvent } from "../../domain/lineage/openlineage/event.ts";
import type { ToldChain } from "../../domain/lineage/openlineage/write-events.ts";
import { ok, type Result } from "../../domain/result.ts";
import { Effects } from "../shared/effects.ts";
import { upgradeSchema } from "../shared/upgrade-schema.ts";
import { Claims } from "./claims.ts";
import { FacetStore } from "./facet-store.ts";
import { findImpact } from "./find-impact.ts";
import { GraphReader } from "./graph-reader.ts";
import { GraphStore } from "./graph-store.ts";
import { GraphWriter } from "./graph-writer.ts";
import { Intake, type ToldUse } from "./intake.ts";
import { RunBook } from "./run-book.ts";
import { RunStore } from "./run-store.ts";
import { SCHEMA } from "./schema.ts";

/**
 * One owner's graph of what was made from what, and the owner's runs: their only writer. Putting
 * the same again changes nothing. What follows are effects: `claim:VERSION:CONSUMER`.
 */
export class LineageActor extends DurableObject<Env> {
  readonly #store: GraphStore;
  readonly #reader: GraphReader;
  readonly #writer: GraphWriter;
  readonly #runStore: RunStore;
  readonly #runs: RunBook;
  readonly #intake: Intake;
  readonly #effects: Effects;
  readonly #claims: Claims;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    upgradeSchema(ctx.storage, SCHEMA);
    this.#store = new GraphStore(ctx.storage.sql);
    const facets = new FacetStore(ctx.storage.sql, this.#store);
    this.#reader = new GraphReader(this.#store, facets);
    this.#writer = new GraphWriter(this.#store, this.#reader);
    this.#runStore = new RunStore(ctx.storage.sql);
    this.#runs = new RunBook(this.#runStore, this.#store, this.#writer);
    this.#intake = new Intake(this.#store, facets, this.#writer, this.#runStore);
    this.#effects = new Effects(ctx.storage, (key) => this.#deliver(key));
    this.#claims = new Claims(env, ctx.id.toString(), this.#store, this.#effects);
  }

  /** All or nothing: an edge that would close a cycle refuses everything. */
  put(
    nodes: readonly LineageNode[],
    edges: readonly LineageEdge[],
  ): Result<PutAnswer, LineageRefusal> {
    return this.#atomically(() => this.#writer.put({ nodes, edges }, false));
  }

  nameVersions(version_ids: readonly string[], dataset: string): void {
    this.#store.nameVersions(version_ids, dataset);
  }

  /**
   * What was made from one of them keeps a place for it, which says that it is deleted. Answers
   * how many there were.
   */
  remove(node_ids: readonly string[]): number {
    return this.ctx.storage.transactionSync(() =>
      this.#store.removeNodes([...this.#store.keysOf(node_ids).values()]),
    );
  }

  /** Removes a version of a model, with null all of them, and lets go of the data that they named. */
  async removeModel(model_id: string, version: number | null): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      const nodes = this.#store.ofModel(model_id, version);
      for (const { node_id, key } of nodes)
        this.#claims.letGo(node_id, this.#reader.dataOf(key), Date.now());
      this.#store.removeNodes(nodes.map(({ key }) => key));
    });
    await this.#settle();
  }

  /** Which of them are in the graph, and not deleted: what is left of a crash names others. */
  existing(node_ids: readonly string[]): string[] {
    return [...this.#store.known(node_ids)];
  }

  /**
   * What a node names as its data is these versions, which it has claimed, and no others: what it
   * named before is let go. Runs that made it stay.
   */
  async replaceSources(
    node: LineageNode,
    sources: readonly LineageNode[],
  ): Promise<Result<null, LineageRefusal>> {
    const now = Date.now();
    const replaced = this.#atomically(() => {
      const done = this.#writer.replaceSources(node, sources);
      if (!done.ok) return done;
      this.#claims.letGo(node.node_id, done.value.removed, now);
      this.#claims.keep(node.node_id, idsOf(sources), now);
      return ok(null);
    });
    await this.#settle();
    return replaced;
  }

  /** The versions of datasets that a run has used, or a model's version names; none of what is not there. */
  dataOf(node_id: string): string[] {
    const key = this.#store.keyOf(node_id);
    return key === undefined ? [] : this.#reader.dataOf(key);
  }

  node(node_id: string): Result<Sent<NodeRecord>, LineageRefusal> {
    return this.#reader.node(node_id);
  }

  upstream(node_id: string, query: TraceQuery = {}): Result<Sent<TraceAnswer>, LineageRefusal> {
    return this.#reader.trace(node_id, "upstream", query);
  }

  downstream(node_id: string, query: TraceQuery = {}): Result<Sent<TraceAnswer>, LineageRefusal> {
    return this.#reader.trace(node_id, "downstream", query);
  }

  /** Nearest first. */
  commonAncestors(a: string, b: string): Result<Sent<AncestorAnswer>, LineageRefusal> {
    return this.#reader.commonAncestors(a, b);
  }

  /** Among what others told of; everything else is kept free of them. */
  cycles(): CyclesAnswer {
    return this.#reader.cycles();
  }

  /** The node and all that it was made from, roots first. */
  chain(node_id: string): Result<Sent<ChainAnswer>, LineageRefusal> {
    return this.#reader.chain(node_id);
  }

  /** `rows`: only some rows of them are withdrawn. */
  impact(node_ids: readonly string[], rows = false): Result<Sent<ImpactAnswer>, LineageRefusal> {
    return findImpact(this.#store, node_ids, rows);
  }

  /** The same request again answers with the run as it is now. */
  putRun(run: NewRun): Result<Sent<{ run: RunStanding; created: boolean }>, RunRefusal> {
    return this.#atomically(() => {
      this.#claims.keep(run.record.run_id, idsOf(run.inputs), Date.now());
      return this.#runs.put(run);
    });
  }

  changeRun(run_id: string, change: RunChange): Result<Sent<RunStanding>, RunRefusal> {
    return this.#atomically(() => this.#runs.change(run_id, change, Date.now()));
  }

  findRun(run_id: string): Result<Sent<RunStanding>, RunRefusal> {
    return this.#runs.find(run_id);
  }

  /** Newest first. */
  listRuns(query: RunListQuery): Sent<ListedRun[]> {
    return this.#runs.list(query);
  }

  /** Lets go of what it used; refused while something was made by it. */
  async removeRun(run_id: string): Promise<Result<null, RunRefusal>> {
    const key = this.#store.keyOf(run_id);
    const used = key === undefined ? [] : this.#reader.dataOf(key);
    const removed = this.#atomically(() => {
      this.#claims.letGo(run_id, used, Date.now());
      return this.#runs.remove(run_id);
    });
    await this.#settle();
    return removed;
  }

  /**
   * What clients of OpenLineage have told, each as often and in whatever order it comes. Answers
   * which of the owner's versions runs have used.
   */
  record(events: readonly OpenLineageEvent[]): ToldUse[] {
    return this.ctx.storage.transactionSync(() => {
      const now = Date.now();
      const uses = this.#intake.take(events, now);
      for (const { run_id, version_id } of uses) this.#claims.keep(run_id, [version_id], now);
      return uses;
    });
  }

  /** A node and all that it was made from, with what events of OpenLineage say of them. */
  describeChain(node_id: string): Result<Sent<ToldChain>, LineageRefusal> {
    return this.#reader.describeChain(node_id, (run_id) => this.#runStore.find(run_id)?.record);
  }

  /** Delivered at least once; what is owed is looked up anew. */
  override async alarm(): Promise<void> {
    await this.#settle();
  }

  async #deliver(key: string): Promise<void> {
    const [what, version_id = "", consumer = ""] = key.split(":");
    if (what === "claim") await this.#claims.settle(version_id, consumer);
  }

  async #settle(): Promise<void> {
    await this.#scheduleAlarm();
    await this.#effects.flush(Date.now());
    await this.#scheduleAlarm();
  }

  async #scheduleAlarm(): Promise<void> {
    const due = this.#effects.nextDue();
    if (due === null) await this.ctx.storage.deleteAlarm();
    else await this.ctx.storage.setAlarm(due);
  }

  /** In one transaction, of which nothing stays after a refusal. */
  #atomically<T, E>(work: () => Result<T, E>): Result<T, E> {
    let result: Result<T, E> | undefined;
    try {
      this.ctx.storage.transactionSync(() => {
        result = work();
        if (!result.ok) throw new Refused();
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
    if (!result) throw new Error("the work has answered nothing");
    return result;
  }
}

const idsOf = (nodes: readonly LineageNode[]): string[] => nodes.map(({ node_id }) => node_id);

/** Ends a transaction without committing it. */
class Refused extends Error {}
