import type { Context } from "hono";
import type * as z from "zod";
import { canonicalJson } from "../../../domain/text/canonical-json.ts";
import type { NewRun, RunChange, RunStanding } from "../../../contract/lineage-record.ts";
import type { ChangeRun, CreateRun } from "../../../contract/run.ts";
import type { LineageNode } from "../../../domain/lineage/lineage-node.ts";
import { hasEnded } from "../../../domain/lineage/run-status.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { hashKey } from "../keys/key-checksum.ts";
import { ownedModelNode } from "./model-data.ts";
import { fromLineage } from "./owner-lineage.ts";
import { findUsed, whileClaimed } from "./used-versions.ts";

type Outputs = z.output<typeof CreateRun>["outputs"];

/** The inputs cannot be deleted from before the run is there. */
export async function beginRun(
  c: Context<AppEnv>,
  body: z.output<typeof CreateRun>,
): Promise<{ run: RunStanding; created: boolean }> {
  const run_id = body.run_id ?? newId("run");
  const inputs = await findUsed(c, body.inputs);
  const run: NewRun = {
    record: recordOf(c, run_id, body),
    request_hash: await hashKey(canonicalJson(body)),
    inputs: inputs.map(({ node }) => node),
    outputs: await outputNodes(c, body.outputs),
  };
  return whileClaimed(c, inputs, run_id, () =>
    fromLineage<{ run: RunStanding; created: boolean }>(c, (lineage) => lineage.putRun(run)),
  );
}

function recordOf(
  c: Context<AppEnv>,
  run_id: string,
  body: z.output<typeof CreateRun>,
): NewRun["record"] {
  const now = Date.now();
  const { name, status, metrics, code_hash } = body;
  const started = body.started_at === undefined ? now : Date.parse(body.started_at);
  const ended = body.ended_at === undefined ? now : Date.parse(body.ended_at);
  const started_at = status === "created" && body.started_at === undefined ? null : started;
  const ended_at = hasEnded(status) ? Math.max(ended, started) : null;
  return {
    run_id,
    name,
    status,
    parameters: body.parameters,
    metrics,
    code_hash,
    started_at,
    ended_at,
    created_at: now,
    created_by: c.get("admission").principal.key_id,
    updated_at: now,
    status_at: ended_at ?? started_at ?? now,
    job: null,
  };
}

export async function changeRun(
  c: Context<AppEnv>,
  run_id: string,
  body: z.output<typeof ChangeRun>,
): Promise<RunStanding> {
  await fromLineage<RunStanding>(c, (lineage) => lineage.findRun(run_id));
  const { status, ended_at, parameters, metrics } = body;
  const change: RunChange = {
    status,
    ended_at: ended_at === undefined ? undefined : Date.parse(ended_at),
    parameters,
    metrics,
    outputs: await outputNodes(c, body.outputs),
  };
  return fromLineage<RunStanding>(c, (lineage) => lineage.changeRun(run_id, change));
}

export async function deleteRun(c: Context<AppEnv>, run_id: string): Promise<void> {
  await fromLineage<null>(c, (lineage) => lineage.removeRun(run_id));
}

async function outputNodes(c: Context<AppEnv>, outputs: Outputs): Promise<LineageNode[]> {
  const nodes: LineageNode[] = [];
  for (const output of outputs) {
    if (typeof output !== "string" && "model" in output)
      nodes.push(await ownedModelNode(c, output.model, output.version));
    else nodes.push(...(await findUsed(c, [output])).map(({ node }) => node));
  }
  return nodes;
}
