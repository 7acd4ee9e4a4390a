import { env } from "cloudflare:workers";
import { vi } from "vitest";

/** Makes what the shards tell the experiment's actor wait until `release`. */
export function holdMerges(id: string) {
  const open = env.EXPERIMENT.getByName.bind(env.EXPERIMENT);
  let held = true;
  let begun = 0;
  const turn = async (done: () => boolean): Promise<void> => {
    if (done()) return;
    await scheduler.wait(1);
    await turn(done);
  };
  const spy = vi.spyOn(env.EXPERIMENT, "getByName").mockImplementation((name) => {
    const actor = open(name);
    type Merge = Parameters<typeof actor.merge>;
    const merge = async (...sums: Merge) => {
      begun += 1;
      await turn(() => !held);
      return open(id).merge(...sums);
    };
    return new Proxy(actor, {
      get: (target, member) => (member === "merge" ? merge : Reflect.get(target, member)),
    });
  });
  return {
    begun: () => turn(() => begun > 0),
    release: () => {
      held = false;
      spy.mockRestore();
    },
  };
}
