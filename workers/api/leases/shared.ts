/** What outlives the answer to a request. */
export type Background = Pick<ExecutionContext, "waitUntil">;

const PATIENCE_MS = 2_000;

/**
 * One run at a time for all who ask: those who ask during a run share it. The runtime cancels
 * the I/O of a request whose caller has gone, and whoever waits on its promise would wait for
 * ever: so a run is kept alive by `waitUntil`, and patience with somebody else's run ends.
 */
export class Shared<T> {
  #running: Promise<T> | undefined;

  run(work: () => Promise<T>, ctx: Background): Promise<T> {
    const shared = this.#running;
    return shared ? this.#join(shared, work, ctx) : this.#start(work, ctx);
  }

  async #join(shared: Promise<T>, work: () => Promise<T>, ctx: Background): Promise<T> {
    const outcome = await Promise.race([
      shared.then((value) => ({ value })),
      scheduler.wait(PATIENCE_MS).then(() => undefined),
    ]);
    return outcome ? outcome.value : this.#start(work, ctx);
  }

  #start(work: () => Promise<T>, ctx: Background): Promise<T> {
    const running = work().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    ctx.waitUntil(running.catch(() => undefined));
    return running;
  }
}
