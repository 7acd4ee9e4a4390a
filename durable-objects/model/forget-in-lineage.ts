import { callActor } from "../shared/call-actor.ts";

/**
 * Takes a deleted version, or all versions, out of the owner's graph, which lets go of the data
 * that they named. `of` is `OWNER:NUMBER`, or `OWNER:` for all of them.
 */
export async function forgetInLineage(env: Env, model_id: string, of: string): Promise<void> {
  const [owner_id = "", version = ""] = of.split(":");
  await callActor(
    () => env.LINEAGE.getByName(owner_id),
    (graph) => graph.removeModel(model_id, version === "" ? null : Number(version)),
  );
}
