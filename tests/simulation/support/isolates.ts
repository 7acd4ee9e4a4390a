import type { Context } from "hono";
import type { OutcomeReport, RecordedOutcomes } from "../../../contract/experiment-lease.ts";
import type { AppEnv } from "../../../workers/api/http/app-env.ts";
import type * as LeasesModule from "../../../workers/api/leases/experiment-leases.ts";
import type * as ServedModule from "../../../workers/api/leases/served-outcomes.ts";
import { mapsMade } from "./stand-ins/isolate-map.ts";
import type { Party } from "./world.ts";

type Leases = typeof LeasesModule;
type Served = typeof ServedModule;
type Code = { leases: Leases; served: Served; maps: Map<unknown, unknown>[] };
export type RequestUnit = Parameters<Leases["decideRequest"]>[2];
export type Decided = Awaited<ReturnType<Leases["decideRequest"]>>;

export const ISOLATES = 3;

/** One copy of the modules an isolate, each with leases and batches of its own. */
const copies: Code[] = [];
for (let isolate = 0; isolate < ISOLATES; isolate++) {
  mapsMade();
  const from = "../../../workers/api/leases";
  // One by one, as each takes the maps that its modules have made.
  // oxlint-disable-next-line no-await-in-loop
  const leases: Leases = await import(
    /* @vite-ignore */ `${from}/experiment-leases.ts?of=${isolate}`
  );
  // oxlint-disable-next-line no-await-in-loop
  const served: Served = await import(
    /* @vite-ignore */ `${from}/served-outcomes.ts?of=${isolate}`
  );
  copies.push({ leases, served, maps: mapsMade() });
}

/**
 * An isolate of the api Worker: the deployed code of leases, decisions and batches of notes. The
 * few lines of the routes around it are the ones below. A new life begins without any lease.
 */
export class Isolate {
  readonly #code: Code;
  readonly #c: Context<AppEnv>;

  constructor(number: number, party: Party, env: Env, owner_id: string) {
    const code = copies[number];
    if (!code) throw new Error(`there are ${ISOLATES} isolates`);
    for (const map of code.maps) map.clear();
    this.#code = code;
    const admission = { principal: { owner_id } };
    const c = {
      env,
      get: () => admission,
      executionCtx: { waitUntil: (work: Promise<unknown>) => void work.catch(() => undefined) },
    };
    this.#c = c as unknown as Context<AppEnv>;
    this.party = party;
  }

  readonly party: Party;

  decide(id: string, unit: RequestUnit): Promise<Decided> {
    return this.#code.leases.decideRequest(this.#c, id, unit);
  }

  noteExposed(decided: Decided, unit: RequestUnit): void {
    this.#code.served.noteExposed(this.#c, decided, unit);
  }

  noteServed(decided: Decided, outcome: OutcomeReport & { epoch: number }): Promise<void> {
    return this.#code.served.noteServed(this.#c, decided, outcome);
  }

  async report(id: string, outcomes: OutcomeReport[]): Promise<RecordedOutcomes> {
    const { leases, served } = this.#code;
    const lease = await leases.leaseRouting(this.#c, id);
    const batch = { outcomes, exposures: [], source: "reported" } as const;
    const answer = await served.sendOutcomes(this.#c.env, lease, { ...batch, exposures: [] });
    if (answer.status !== lease.table.status) leases.forgetLease(id);
    return answer;
  }

  /** A change that somebody asks for by way of this isolate; the answer is the actor's. */
  async change<T>(id: string, ask: (actor: ExperimentStub) => PromiseLike<unknown>): Promise<T> {
    const open = await this.#code.leases.ownedExperiment(this.#c, id);
    try {
      return (await ask(open())) as T;
    } finally {
      this.#code.leases.forgetLease(id);
    }
  }
}

export type ExperimentStub = ReturnType<Env["EXPERIMENT"]["getByName"]>;
