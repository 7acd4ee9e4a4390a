import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";

/** Bindings are shared with the actors of the Worker under test, so that a mock here is felt there. */
const OUTAGES = {
  D1: () => [vi.spyOn(env.DB, "prepare").mockImplementation(down)],
  R2: () => [vi.spyOn(env.MODELS, "delete").mockImplementation(down)],
  models: () => [vi.spyOn(env.MODEL, "getByName").mockImplementation(down)],
  lineage: () => [vi.spyOn(env.LINEAGE, "getByName").mockImplementation(down)],
  datasets: () => [vi.spyOn(env.DATASET, "getByName").mockImplementation(down)],
};

function down(): never {
  throw new Error("out of order");
}

/** Does the work while nothing answers there; what the actors log of it is not shown. */
export async function during<T>(outage: keyof typeof OUTAGES, work: () => Promise<T>): Promise<T> {
  const spies = [...OUTAGES[outage](), vi.spyOn(console, "error").mockReturnValue()];
  try {
    return await work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/**
 * Makes the next removals from R2 wait until `release`, as slow ones do. The waiting is a look at
 * a flag now and then, because a promise may not be awaited across actors.
 */
export function holdRemovals() {
  const remove = env.MODELS.delete.bind(env.MODELS);
  let held = true;
  let begun = 0;
  const turn = async (done: () => boolean): Promise<void> => {
    if (done()) return;
    await scheduler.wait(1);
    await turn(done);
  };
  const spy = vi.spyOn(env.MODELS, "delete").mockImplementation(async (keys) => {
    begun += 1;
    await turn(() => !held);
    await remove(keys);
  });
  return {
    begun: () => turn(() => begun > 0),
    release: () => {
      held = false;
      spy.mockRestore();
    },
  };
}

/** The keys of all effects that an actor still owes. */
export const owedBy = <O extends Rpc.DurableObjectBranded>(
  actor: DurableObjectStub<O>,
): Promise<string[]> =>
  runInDurableObject(actor, (_, { storage }) =>
    storage.sql
      .exec<{ key: string }>("SELECT key FROM effect ORDER BY key")
      .toArray()
      .map(({ key }) => key),
  );

/** When the actor's alarm comes, in milliseconds since 1970. */
export const alarmOf = <O extends Rpc.DurableObjectBranded>(
  actor: DurableObjectStub<O>,
): Promise<number | null> => runInDurableObject(actor, (_, { storage }) => storage.getAlarm());
