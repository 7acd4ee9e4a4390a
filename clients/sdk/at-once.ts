/** Tasks, of which no more than `most` run at any time. The first that fails ends the others. */
export function atOnce(most: number) {
  const running = new Set<Promise<void>>();
  const controller = new AbortController();
  let failure: { error: unknown } | undefined;
  const check = (): void => {
    if (failure) throw failure.error;
  };
  return {
    /** Begins the task when there is room for it; rejects with what an earlier one failed with. */
    async start(task: (signal: AbortSignal) => Promise<void>): Promise<void> {
      while (running.size >= most) await Promise.race(running);
      check();
      const run = task(controller.signal)
        .catch((error: unknown) => {
          failure ??= { error };
          controller.abort(error);
        })
        .finally(() => running.delete(run));
      running.add(run);
    },
    check,
    /** Waits for all that were begun. */
    async end(): Promise<void> {
      await Promise.all(running);
      check();
    },
    /** Aborts all that run, and waits until they are gone. */
    async stop(reason: unknown): Promise<void> {
      controller.abort(reason);
      await Promise.all(running);
    },
  };
}
