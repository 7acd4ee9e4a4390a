import type { RunRecord, RunStanding } from "../../../contract/lineage-record.ts";
import type { RunSummary, RunView } from "../../../contract/run.ts";
import { uuidOf } from "../../../domain/lineage/openlineage/run-uuid.ts";
import { instant, instantOrNull } from "../http/times.ts";
import { viewSummary } from "./view-node.ts";

export const summariseRun = (run: RunRecord): RunSummary => ({
  run_id: run.run_id,
  name: run.name,
  status: run.status,
  parameters: run.parameters,
  metrics: run.metrics,
  code_hash: run.code_hash,
  started_at: instantOrNull(run.started_at),
  ended_at: instantOrNull(run.ended_at),
  created_at: instant(run.created_at),
  created_by: run.created_by,
  updated_at: instant(run.updated_at),
  job: run.job,
});

export const viewRun = (run: RunStanding): RunView => ({
  ...summariseRun(run),
  openlineage_run_id: uuidOf(run.run_id),
  inputs: run.inputs.map(viewSummary),
  outputs: run.outputs.map(viewSummary),
});
