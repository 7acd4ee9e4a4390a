import type { Context } from "hono";
import type { ExperimentSnapshot } from "../../../contract/experiment-lease.ts";
import type { AppEnv } from "../http/app-env.ts";
import { nodeOfModel } from "./model-data.ts";
import { askLineage } from "./owner-lineage.ts";
import { releaseVersions } from "./used-versions.ts";

/** An experiment that is there tries the versions of its variants. */
export function tellExperiment(c: Context<AppEnv>, { definition }: ExperimentSnapshot): void {
  const { id, name, created_at, variants } = definition;
  const models = variants.map(({ model, model_id, version, ref }) =>
    nodeOfModel(model, model_id, version, ref.sha256),
  );
  const node = { node_id: id, node_type: "experiment" as const, label: name, created_at };
  const edges = [...new Set(models.map(({ node_id }) => node_id))].map((from) => ({
    from,
    to: id,
  }));
  tell(c, id, () =>
    askLineage(c, (lineage) => lineage.put([...models, { ...node, metadata: {} }], edges)),
  );
}

/** What is deleted stays where something else was made from it. */
export function forgetExperiment(c: Context<AppEnv>, id: string): void {
  tell(c, id, () => askLineage(c, (lineage) => lineage.remove([id])));
}

/** Deleted versions of a model let go of the data that they named; null stands for all of them. */
export function forgetModel(c: Context<AppEnv>, model_id: string, version: number | null): void {
  tell(c, model_id, async () => {
    const gone = await askLineage(c, (lineage) => lineage.removeModel(model_id, version));
    for (const { node_id, version_ids } of gone) await releaseVersions(c, version_ids, node_id);
  });
}

/** After the answer. What is lost with the isolate is told again when the request is repeated. */
function tell(c: Context<AppEnv>, node_id: string, work: () => Promise<unknown>): void {
  c.executionCtx.waitUntil(
    work().catch((error: unknown) =>
      console.error(JSON.stringify({ event: "lineage_lost", node_id, error: String(error) })),
    ),
  );
}
