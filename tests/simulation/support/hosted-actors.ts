import { bernoulli } from "../../../domain/statistics/random.ts";
import { ActorStorage } from "./actor-storage.ts";
import { copy, type Party, type World } from "./world.ts";

type Instance = Record<string, (...args: unknown[]) => unknown>;
export type ActorClass = new (ctx: DurableObjectState, env: Env) => object;

type Life = Party & { instance: Instance; waiting: Set<(error: Error) => void> };
type Hosted = { storage: ActorStorage; life: Life | null; ringing: boolean };

const RETRIED_ALARM_MS = 2_000;

/** Runs actors as the platform does: one instance a name, made when it is called, gone at any time. */
export class HostedActors {
  readonly #world: World;
  readonly #classes: Record<string, ActorClass>;
  readonly #envOf: (party: Party) => Env;
  readonly #hosted = new Map<string, Hosted>();
  /** Told of every call that an actor has answered, as it answers. */
  readonly #answered: (actor: string, method: string, args: unknown[], answer: unknown) => void;

  constructor(
    world: World,
    classes: Record<string, ActorClass>,
    envOf: (party: Party) => Env,
    answered: (actor: string, method: string, args: unknown[], answer: unknown) => void,
  ) {
    this.#world = world;
    this.#classes = classes;
    this.#envOf = envOf;
    this.#answered = answered;
  }

  /**
   * The binding of a class in the hands of `caller`. Naming an actor does not make it. That a call
   * to a model does not outlive its caller is relied on: a conclusion's move of the alias that came
   * after its undoing could not be told from a new one.
   */
  namespace(kind: string, caller: Party) {
    return {
      getByName: (name: string): object => {
        if (!caller.alive) throw new Error("who has ended calls nobody");
        const call = (method: string, args: unknown[]) =>
          this.#world.call(caller, () => this.#deliver(`${kind}/${name}`, method, copy(args)), {
            endsWithCaller: kind === "MODEL",
          });
        return new Proxy(
          {},
          {
            // A stub is no promise, whoever returns it from an async function.
            get: (_, method) =>
              method === "then" ? undefined : (...args: unknown[]) => call(String(method), args),
          },
        );
      },
    };
  }

  /** The instance itself, to look at between events; nothing is lost or late. */
  at(kind: string, name: string): object {
    return this.#lifeOf(`${kind}/${name}`).instance;
  }

  exec(kind: string, name: string, sql: string) {
    return this.#hostedAt(`${kind}/${name}`).storage.exec(sql).toArray();
  }

  names(kind: string): string[] {
    const prefix = `${kind}/`;
    const names = [...this.#hosted.keys()].filter((name) => name.startsWith(prefix));
    return names.map((name) => name.slice(prefix.length));
  }

  /** Ends the instance with what it holds in memory; its storage stays, its callers see an error. */
  evict(kind: string, name: string): void {
    const hosted = this.#hosted.get(`${kind}/${name}`);
    const life = hosted?.life;
    if (!hosted || !life) return;
    hosted.life = null;
    this.#world.end(life);
    for (const fail of life.waiting) fail(this.#world.broken());
  }

  /** Delivers an alarm that nobody set, as one that is delivered again. */
  ring(kind: string, name: string): void {
    const hosted = this.#hosted.get(`${kind}/${name}`);
    if (hosted && !hosted.ringing)
      void this.#deliver(`${kind}/${name}`, "alarm", []).catch(() => undefined);
  }

  close(): void {
    for (const { storage } of this.#hosted.values()) storage.close();
  }

  #hostedAt(actor: string): Hosted {
    const known = this.#hosted.get(actor);
    if (known) return known;
    const storage = new ActorStorage(() => this.#arm(actor));
    const hosted: Hosted = { storage, life: null, ringing: false };
    this.#hosted.set(actor, hosted);
    return hosted;
  }

  #lifeOf(actor: string): Life {
    const hosted = this.#hostedAt(actor);
    if (hosted.life) return hosted.life;
    const [kind = ""] = actor.split("/");
    const made = this.#classes[kind];
    if (!made) throw new Error(`no class ${kind}`);
    const party: Party = { alive: true };
    const ctx = {
      storage: hosted.storage.openFor(party),
      getWebSockets: () => [],
      setWebSocketAutoResponse: () => undefined,
      waitUntil: (work: Promise<unknown>) => void work.catch(() => undefined),
    };
    const instance = new made(ctx as unknown as DurableObjectState, this.#envOf(party)) as Instance;
    hosted.life = Object.assign(party, { instance, waiting: new Set<(error: Error) => void>() });
    return hosted.life;
  }

  #deliver(actor: string, method: string, args: unknown[]): Promise<unknown> {
    const life = this.#lifeOf(actor);
    return new Promise((resolve, reject) => {
      life.waiting.add(reject);
      const called = async () => life.instance[method]?.(...args);
      called().then(
        (answer) => {
          if (!life.waiting.delete(reject) || !life.alive) return;
          this.#answered(actor, method, args, answer);
          resolve(answer);
        },
        (error: Error) => {
          if (life.waiting.delete(reject) && life.alive) reject(error);
        },
      );
    });
  }

  #arm(actor: string): void {
    const at = this.#hostedAt(actor).storage.alarm_at;
    if (at === null) return;
    const { faults, chance, now } = this.#world;
    const late = bernoulli(chance, faults.slow) ? chance.integer(faults.slowest_ms + 1) : 0;
    this.#world.after(Math.max(0, at - now) + late, () => {
      const { storage, ringing } = this.#hostedAt(actor);
      if (!ringing && storage.alarm_at !== null && storage.alarm_at <= this.#world.now)
        void this.#ring(actor);
    });
  }

  /** At least once: an alarm whose handler did not end well is delivered again. */
  async #ring(actor: string): Promise<void> {
    const hosted = this.#hostedAt(actor);
    if (hosted.ringing) return;
    hosted.ringing = true;
    hosted.storage.alarm_at = null;
    const twice = bernoulli(this.#world.chance, this.#world.faults.loss);
    try {
      await this.#deliver(actor, "alarm", []);
      if (twice) await this.#deliver(actor, "alarm", []);
    } catch {
      hosted.storage.alarm_at ??= this.#world.now + RETRIED_ALARM_MS;
    }
    hosted.ringing = false;
    this.#arm(actor);
  }
}
