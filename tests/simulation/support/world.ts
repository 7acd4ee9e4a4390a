import { bernoulli, type Random, seededRandom } from "../../../domain/statistics/random.ts";

/** Who an event happens to. What has died hears nothing more. */
export type Party = { alive: boolean };

export type Faults = {
  /** The share of calls that fail: half of them before they ran, half of them after. */
  loss: number;
  /** The share of calls that are slow, and by up to how many milliseconds. */
  slow: number;
  slowest_ms: number;
};
export const NO_FAULTS: Faults = { loss: 0, slow: 0, slowest_ms: 0 };

type Event = { at: number; order: number; party: Party; run: () => void };

const QUICK_MS = 12;
const EVERYBODY: Party = { alive: true };

/**
 * One clock for everybody, and what happens by it: one event at a time, each run until nothing
 * more can follow without another event. So whatever may interleave does so only where somebody
 * waits for something outside, and in an order that the seed alone decides.
 */
export class World {
  now: number;
  faults: Faults;
  /** How many events have happened; orders those of one instant. */
  order = 0;
  readonly chance: Random;
  #party: Party = EVERYBODY;
  /** The next event is the last. */
  readonly #events: Event[] = [];
  readonly #waits = new Map<() => void, Party>();
  /** Requests that go no further once their sender has ended, and who sent them. */
  readonly #underWay = new Map<() => void, Party>();
  #scheduled = 0;

  constructor(seed: number, now: number, faults: Faults) {
    this.chance = seededRandom(seed);
    this.now = now;
    this.faults = faults;
  }

  after(ms: number, run: () => void, party: Party = EVERYBODY): void {
    const event = { at: this.now + ms, order: this.#scheduled++, party, run };
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#events[middle];
      if (other && (other.at > event.at || (other.at === event.at && other.order > event.order)))
        low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  /** As the global `scheduler.wait`: whoever runs now goes on then. */
  wait(ms: number): Promise<void> {
    const party = this.#party;
    return new Promise((resolve) => {
      const goOn = () => {
        this.#waits.delete(goOn);
        resolve();
      };
      this.#waits.set(goOn, party);
      this.after(ms, goOn, party);
    });
  }

  /** Nothing reaches it any more; where it only waited for time it goes on at once, and finds out. */
  end(party: Party): void {
    party.alive = false;
    for (const [arrive, sender] of this.#underWay)
      if (sender === party) this.#underWay.delete(arrive);
    for (const [goOn, waiting] of this.#waits) if (waiting === party) goOn();
  }

  async runUntil(instant: number): Promise<void> {
    for (;;) {
      const event = this.#events.at(-1);
      if (!event || event.at > instant) break;
      this.#events.pop();
      if (!event.party.alive) continue;
      this.now = event.at;
      this.order += 1;
      this.#party = event.party;
      event.run();
      await settled();
    }
    this.now = instant;
  }

  /**
   * A call to somebody else, whose answer comes to `caller` if it is alive by then. `run` answers
   * with what the call does there. What has been sent arrives although its sender has ended, unless
   * the call `endsWithCaller`.
   */
  call<T>(
    caller: Party,
    run: () => T | PromiseLike<T>,
    { endsWithCaller = false } = {},
  ): Promise<T> {
    const lost = bernoulli(this.chance, this.faults.loss);
    const beforeItRan = lost && bernoulli(this.chance, 0.5);
    const there = this.#delay();
    const back = this.#delay();
    const fail = (reject: (error: Error) => void) => reject(this.broken());
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void) => this.after(back, settle, caller);
      const arrive = () => {
        if (endsWithCaller && !this.#underWay.delete(arrive)) return;
        if (beforeItRan) return answer(() => fail(reject));
        void promised(run).then(
          (value) => {
            const sent = copy(value);
            answer(() => (lost ? fail(reject) : resolve(sent)));
          },
          (error: Error) => answer(() => reject(error)),
        );
      };
      if (endsWithCaller) this.#underWay.set(arrive, caller);
      this.after(there, arrive);
    });
  }

  /** What a caller sees of a connection that broke; mostly it says that it may be tried again. */
  broken(): Error {
    const retryable = bernoulli(this.chance, 0.8);
    return Object.assign(new Error("Network connection lost."), { retryable });
  }

  #delay(): number {
    const { slow, slowest_ms } = this.faults;
    const most = bernoulli(this.chance, slow) ? slowest_ms : QUICK_MS;
    return 1 + this.chance.integer(most);
  }
}

/** Ticks run when no promise can go on, and before any other work of the process. */
const settled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

const promised = async <T>(run: () => T | PromiseLike<T>): Promise<T> => run();

/** As a message between actors is: nobody shares an object. */
export const copy = <T>(value: T): T =>
  typeof value === "object" && value !== null ? structuredClone(value) : value;
