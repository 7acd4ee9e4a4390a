import type {
  ChangedExperiment,
  ExperimentRecord,
  ExperimentRefusal,
  OutcomeReport,
  RoutingLease,
  UnusedGrant,
} from "../../../contract/experiment-lease.ts";
import { nameOf, type Unit } from "../../../domain/experiments/decide.ts";
import type { Result } from "../../../domain/result.ts";
import type { ExperimentActor } from "../../../durable-objects/experiment/experiment-actor.ts";
import { guardsLookedAt, repeatedConclusion, repeatedUndoing } from "./answers-looked-at.ts";
import { MODEL, OWNER } from "./contest.ts";
import type { HostedActors } from "./hosted-actors.ts";
import { type ExperimentStub, Isolate, ISOLATES, type RequestUnit } from "./isolates.ts";
import { changeOf, type Done, reported } from "./operations.ts";
import { environmentOf, openPlatform } from "./platform.ts";
import { begin, endingsOf } from "./stage.ts";
import { noteUnexpected, type Story } from "./story.ts";
import type { Party, World } from "./world.ts";

const ATTEMPTS = 3;
/** How long whatever was begun may still take, and twice what a client waits for an answer. */
export const PATIENCE_MS = 6_000;

type Change = Result<ChangedExperiment, ExperimentRefusal>;

/** The isolates, clients and accidents of one history. */
export class Run {
  readonly #world: World;
  readonly #story: Story;
  readonly #definitions: ExperimentRecord[];
  readonly #actors: HostedActors;
  readonly #isolates: Isolate[] = [];
  readonly #spread_rate: string;
  readonly #client: Party = { alive: true };
  /** Decided by the actor, by request. */
  readonly #askedActor = new Set<string>();
  readonly #tokens = new Map<number, { undo_token: string; epoch: number }>();
  #requests = 0;
  #changes = 0;

  constructor(world: World, story: Story, definitions: ExperimentRecord[], spreads: boolean) {
    this.#spread_rate = spreads ? "0.5" : "1000000";
    this.#world = world;
    this.#story = story;
    this.#definitions = definitions;
    this.#actors = openPlatform(world, story, this.#spread_rate, (actor, method, args, answer) => {
      if (actor.startsWith("EXPERIMENT/")) this.#answered(actor, method, args, answer);
    });
    for (let number = 0; number < ISOLATES; number++) this.#start(number);
  }

  begin = (): Promise<void> => begin(this.#world, this.#actors, this.#definitions);

  end(): void {
    this.#story.endings = endingsOf(this.#actors, this.#definitions);
    this.#actors.close();
  }

  perform(done: Done): void {
    const isolate = this.#isolate(done.isolate);
    const byIsolate = (work: () => Promise<unknown>) => this.#soon(work, isolate.party);
    switch (done.do) {
      case "route":
        for (let time = 0; time < done.times; time++)
          byIsolate(() => this.#serve(isolate, { ...done, user: done.user + time }));
        return;
      case "predict":
        return byIsolate(() => this.#serve(isolate, done));
      case "report":
        return this.#soon(() => this.#report(done));
      case "evict":
        return this.#actors.evict(...this.#actorAt(done.actor));
      case "ring":
        return this.#actors.ring(...this.#actorAt(done.actor));
      case "nothing":
        return;
      case "die":
        return this.#die(done.isolate);
      case "point":
        return this.#soon(() => this.#point(done.version));
      case "undo":
        return this.#soon(() => this.#undo(done));
      case "conclude": {
        const winner = done.winner === null ? undefined : `var_${done.winner}`;
        const attempts = done.repeats ? ATTEMPTS : 1;
        const conclude = (actor: ExperimentStub, by: string) =>
          actor.change("conclude", { by, winner });
        return this.#soon(() => this.#change(done, conclude, attempts));
      }
      default: {
        const variants = this.#definition(done.experiment).variants.length;
        return this.#soon(() => this.#change(done, changeOf(done, variants)));
      }
    }
  }

  async #serve(isolate: Isolate, done: Extract<Done, { do: "route" | "predict" }>): Promise<void> {
    const { experiment, user, sticky } = done;
    const id = this.#idOf(experiment);
    const request_id = `x${experiment}-${this.#requests++}`;
    const unit: RequestUnit = { request_id, user_id: `user-${user}`, sticky };
    const asked_order = this.#world.order;
    const decided = await isolate.decide(id, unit);
    const { index: variant, epoch, reason } = decided;
    this.#story.made.push({
      experiment,
      request_id,
      user: sticky ? nameOf(unit) : null,
      variant,
      epoch,
      reason,
      asked_order,
      made_order: this.#world.order,
      made_at: this.#world.now,
      by_actor: this.#askedActor.has(request_id),
    });
    if (done.do === "predict") await this.#world.wait(done.latency_ms);
    isolate.noteExposed(decided, unit);
    if (done.do === "route") return;
    const { variant_id } = decided.variant;
    const success = !done.fails;
    const served = { request_id, variant_id, epoch, success, latency_ms: done.latency_ms };
    await isolate.noteServed(decided, { ...served, metrics: {} });
  }

  /** An outcome of a request that the platform did not decide. */
  reportAnother(): void {
    const request_id = `x0-other-${this.#requests++}`;
    const outcome = { request_id, variant_id: "var_0", success: true, latency_ms: 5, metrics: {} };
    this.#soon(() => this.#send(0, 0, outcome));
  }

  /** What came of a request that was decided, sent until it is acknowledged. */
  async #report(done: Extract<Done, { do: "report" }>): Promise<void> {
    const known = this.#story.made.filter(
      ({ experiment, reason }) => experiment === done.experiment && reason === "assigned",
    );
    const made = known[done.of % Math.max(1, known.length)];
    if (!made) return;
    await this.#send(done.experiment, done.isolate, reported(made, done));
  }

  async #send(experiment: number, number: number, outcome: OutcomeReport): Promise<void> {
    const { request_id } = outcome;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const isolate = this.#isolate(number + attempt);
      try {
        const sent = this.#in(isolate, () => isolate.report(this.#idOf(experiment), [outcome]));
        const { accepted, duplicates } = await this.#patiently(sent);
        if (accepted + duplicates > 0) this.#story.counted.push({ experiment, request_id });
        return;
      } catch {
        await this.#pause(50);
      }
    }
  }

  async #change(
    { isolate: number, experiment }: Done,
    ask: (actor: ExperimentStub, by: string) => PromiseLike<unknown>,
    attempts = 1,
  ): Promise<void> {
    const by = `key_${this.#changes++}`;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const isolate = this.#isolate(number + attempt);
      try {
        const asked = this.#in(isolate, () =>
          isolate.change<Change>(this.#idOf(experiment), (actor) => ask(actor, by)),
        );
        const answer = await this.#patiently(asked);
        const { order: acked_order, now: acked_at } = this.#world;
        this.#story.changes.push({ experiment, by, acked_order, acked_at, answer });
        if (!answer.ok || !answer.value.undo_token) return;
        const { undo_token, state } = answer.value;
        this.#tokens.set(experiment, { undo_token, epoch: state.epoch });
        return;
      } catch {
        await this.#pause(50);
      }
    }
  }

  async #undo(done: Extract<Done, { do: "undo" }>): Promise<void> {
    const token = this.#tokens.get(done.experiment)?.undo_token ?? "none";
    const undo = (actor: ExperimentStub, by: string) => actor.undo(token, by);
    await this.#change(done, undo, done.repeats ? ATTEMPTS : 1);
  }

  async #point(version: number): Promise<void> {
    const model = environmentOf(
      this.#world,
      this.#story,
      this.#actors,
      this.#spread_rate,
      this.#client,
    ).MODEL;
    const move = { alias: "champion", version, expected: null, by: "key_human" };
    await model.getByName(MODEL).moveAlias(move);
  }

  /** Mostly an experiment's; the others by turns. */
  #actorAt(actor: number): readonly [kind: string, name: string] {
    const shards = this.#actors.names("OUTCOME_SHARD");
    const shard = shards[actor % Math.max(1, shards.length)];
    if (actor === 9) return ["MODEL", MODEL];
    if (actor > 4 && shard !== undefined) return ["OUTCOME_SHARD", shard];
    return ["EXPERIMENT", this.#idOf(actor % this.#definitions.length)];
  }

  #die(number: number): void {
    this.#world.end(this.#isolate(number).party);
    // In an event of its own, when what has died has found it out.
    this.#world.after(0, () => this.#start(number));
  }

  #start(number: number): void {
    const party: Party = { alive: true };
    const env = environmentOf(this.#world, this.#story, this.#actors, this.#spread_rate, party);
    this.#isolates[number] = new Isolate(number, party, env, OWNER);
  }

  /** Starts `work` in an event of whoever does it; what fails has failed for its caller alone. */
  #soon(work: () => unknown, party: Party = this.#client): void {
    const run = async () => work();
    this.#world.after(
      0,
      () => void run().catch((error: Error) => noteUnexpected(this.#story, error)),
      party,
    );
  }

  /** Starts `work` in an event of the isolate, and ends in one of the client. */
  #in<T>(isolate: Isolate, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#world.after(0, () => void work().then(resolve, reject), isolate.party);
    });
  }

  /** Who has waited for long gives up, and may try again. */
  #patiently<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#world.after(PATIENCE_MS / 2, () => reject(new Error("no answer")), this.#client);
      promise.then(resolve, reject);
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.after(ms, resolve, this.#client));
  }

  /** Looks at what an experiment's actor answers, as it does. */
  #answered(actor: string, method: string, args: unknown[], answer: unknown): void {
    if (method === "decide") this.#askedActor.add((args[0] as Unit).request_id);
    const index = this.#definitions.findIndex(({ id }) => actor === `EXPERIMENT/${id}`);
    const experiment = this.#experiment(index);
    if (method === "lease") {
      const leased = answer as Result<RoutingLease, ExperimentRefusal>;
      const [returned = []] = args as [UnusedGrant[]?];
      if (leased.ok) this.#story.leased.push({ returned, grant: leased.value.canary_grant });
    }
    if (method === "change" && args[0] === "conclude") {
      const { winner } = args[1] as { winner?: string };
      repeatedConclusion(this.#story, experiment, winner ?? null, answer as Change);
    }
    if (method === "undo") {
      const token = this.#tokens.get(index);
      if (token && token.undo_token === args[0])
        repeatedUndoing(this.#story, experiment, token.epoch, answer as Change);
    }
    if (method !== "record") return;
    const [row] = this.#actors.exec("EXPERIMENT", this.#idOf(index), "SELECT * FROM experiment");
    const isConcluding = row?.["conclusion"] !== null;
    const { now } = this.#world;
    guardsLookedAt(this.#story, index, experiment, { answer, isConcluding, now });
  }

  #experiment(index: number): ExperimentActor {
    return this.#actors.at("EXPERIMENT", this.#idOf(index)) as ExperimentActor;
  }

  #isolate(number: number): Isolate {
    const isolate = this.#isolates[number % ISOLATES];
    if (!isolate) throw new Error(`there are ${ISOLATES} isolates`);
    return isolate;
  }

  #idOf(index: number): string {
    return this.#definition(index).id;
  }

  #definition(index: number): ExperimentRecord {
    const definition = this.#definitions[index];
    if (!definition) throw new Error(`no experiment ${index}`);
    return definition;
  }
}
