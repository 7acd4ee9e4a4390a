import { OpenAPIHono } from "@hono/zod-openapi";
import { SCOPES } from "../../domain/keys/scopes.ts";
import type { AppEnv } from "./http/app-env.ts";
import { boundedBody } from "./http/body-limits.ts";
import { crossOrigin } from "./http/cross-origin.ts";
import { noRoute } from "./http/no-route.ts";
import { onError } from "./http/problem.ts";
import { ofrepErrors } from "./ofrep/ofrep-errors.ts";
import { protocolErrors } from "./prediction/protocol.ts";
import { referencePage } from "./http/reference-page.ts";
import { traced } from "./http/trace.ts";
import { answerProposal } from "./routes/experiments/answer-proposal.ts";
import { changeBudget } from "./routes/experiments/change-budget.ts";
import { undoConclusion } from "./routes/experiments/undo-conclusion.ts";
import { steerRamp } from "./routes/experiments/steer-ramp.ts";
import { reweigh } from "./routes/experiments/reweigh-experiment.ts";
import { getAssignment } from "./routes/experiments/get-assignment.ts";
import { explainAssignment } from "./routes/experiments/explain-assignment.ts";
import { watchExperiment } from "./routes/experiments/watch-experiment.ts";
import { simulateExperiment } from "./routes/experiments/simulate-experiment.ts";
import { sampleSize } from "./routes/experiments/sample-size.ts";
import { concludeExperiment } from "./routes/experiments/conclude-experiment.ts";
import { deleteBackground } from "./routes/backgrounds/delete-background.ts";
import { getBackground } from "./routes/backgrounds/get-background.ts";
import { listBackgrounds } from "./routes/backgrounds/list-backgrounds.ts";
import { putBackground } from "./routes/backgrounds/put-background.ts";
import { deleteExplanation } from "./routes/explanations/delete-explanation.ts";
import { explainPrediction } from "./routes/explanations/explain-prediction.ts";
import { explanationStatistics } from "./routes/explanations/explanation-statistics.ts";
import { getExplanation } from "./routes/explanations/get-explanation.ts";
import { listExplanations } from "./routes/explanations/list-explanations.ts";
import { pruneExplanations } from "./routes/explanations/prune-explanations.ts";
import { explainBatch } from "./routes/explanations/explain-batch.ts";
import { explainGlobal } from "./routes/explanations/explain-global.ts";
import { cancelJob } from "./routes/jobs/cancel-job.ts";
import { getJob } from "./routes/jobs/get-job.ts";
import { listJobs } from "./routes/jobs/list-jobs.ts";
import { deletePrediction } from "./routes/predictions/delete-prediction.ts";
import { getCapture } from "./routes/predictions/get-capture.ts";
import { getPrediction } from "./routes/predictions/get-prediction.ts";
import { listPredictions } from "./routes/predictions/list-predictions.ts";
import { prunePredictions } from "./routes/predictions/prune-predictions.ts";
import { putCapture } from "./routes/predictions/put-capture.ts";
import { explainDrift } from "./routes/explanations/explain-drift.ts";
import { createExperiment } from "./routes/experiments/create-experiment.ts";
import { deleteExperiment } from "./routes/experiments/delete-experiment.ts";
import { getExperimentAnalysis } from "./routes/experiments/get-experiment-analysis.ts";
import { getExperimentMetrics } from "./routes/experiments/get-experiment-metrics.ts";
import { getExperiment } from "./routes/experiments/get-experiment.ts";
import { listExperimentEvents } from "./routes/experiments/list-experiment-events.ts";
import { listExperiments } from "./routes/experiments/list-experiments.ts";
import { pauseExperiment } from "./routes/experiments/pause-experiment.ts";
import { predictWithExperiment } from "./routes/experiments/predict-with-experiment.ts";
import { reportOutcomes } from "./routes/experiments/report-outcomes.ts";
import { resumeExperiment } from "./routes/experiments/resume-experiment.ts";
import { rollbackExperiment } from "./routes/experiments/rollback-experiment.ts";
import { routeRequest } from "./routes/experiments/route-request.ts";
import { startExperiment } from "./routes/experiments/start-experiment.ts";
import { createGroup } from "./routes/groups/create-group.ts";
import { deleteGroup } from "./routes/groups/delete-group.ts";
import { getGroup } from "./routes/groups/get-group.ts";
import { listGroups } from "./routes/groups/list-groups.ts";
import { putGroupMember } from "./routes/groups/put-group-member.ts";
import { removeGroupMember } from "./routes/groups/remove-group-member.ts";
import { DATASET_OPERATIONS } from "./routes/datasets/operations.ts";
import { TRANSFORMATION_OPERATIONS } from "./routes/transformations/operations.ts";
import { health } from "./routes/health/health.ts";
import { describeModel } from "./routes/inference-protocol/describe-model.ts";
import { infer } from "./routes/inference-protocol/infer.ts";
import { modelReady } from "./routes/inference-protocol/model-ready.ts";
import { inferenceServer } from "./routes/inference-protocol/server.ts";
import { createKey } from "./routes/keys/create-key.ts";
import { getKeyUsage } from "./routes/keys/get-key-usage.ts";
import { listKeys } from "./routes/keys/list-keys.ts";
import { revokeKey } from "./routes/keys/revoke-key.ts";
import { deleteLayer } from "./routes/layers/delete-layer.ts";
import { getLayer } from "./routes/layers/get-layer.ts";
import { listLayers } from "./routes/layers/list-layers.ts";
import { putLayer } from "./routes/layers/put-layer.ts";
import { benchmarkVersion } from "./routes/models/benchmark-version.ts";
import { createModel } from "./routes/models/create-model.ts";
import { deleteModel } from "./routes/models/delete-model.ts";
import { deleteVersion } from "./routes/models/delete-version.ts";
import { downloadVersion } from "./routes/models/download-version.ts";
import { exportExplainer } from "./routes/models/export-explainer.ts";
import { getAlias } from "./routes/models/get-alias.ts";
import { getModel } from "./routes/models/get-model.ts";
import { getVersion } from "./routes/models/get-version.ts";
import { inspectVersion } from "./routes/models/inspect-version.ts";
import { listModels } from "./routes/models/list-models.ts";
import { listVersions } from "./routes/models/list-versions.ts";
import { moveAlias } from "./routes/models/move-alias.ts";
import { optimizeVersion } from "./routes/models/optimize-version.ts";
import { predict } from "./routes/models/predict.ts";
import { removeAlias } from "./routes/models/remove-alias.ts";
import { uploadVersion } from "./routes/models/upload-version.ts";
import { evaluateFlag } from "./routes/ofrep/evaluate-flag.ts";
import { evaluateFlags } from "./routes/ofrep/evaluate-flags.ts";
import { openFlagStream } from "./routes/ofrep/open-flag-stream.ts";
import { trackFlag } from "./routes/ofrep/track-flag.ts";
import { detectLineageCycles } from "./routes/lineage/detect-cycles.ts";
import { findCommonAncestors } from "./routes/lineage/find-common-ancestors.ts";
import { findImpact } from "./routes/lineage/find-impact.ts";
import { getLineageNode } from "./routes/lineage/get-node.ts";
import { getOpenLineage } from "./routes/lineage/get-openlineage.ts";
import { getReproducibilityChain } from "./routes/lineage/get-chain.ts";
import { putModelData } from "./routes/lineage/put-model-data.ts";
import { takeOpenLineage } from "./routes/lineage/take-openlineage.ts";
import { traceDownstream } from "./routes/lineage/trace-downstream.ts";
import { traceUpstream } from "./routes/lineage/trace-upstream.ts";
import { changeRun } from "./routes/runs/change-run.ts";
import { createRun } from "./routes/runs/create-run.ts";
import { deleteRun } from "./routes/runs/delete-run.ts";
import { getRun } from "./routes/runs/get-run.ts";
import { listRuns } from "./routes/runs/list-runs.ts";
import { setUp } from "./routes/setup/set-up.ts";
import { createUser } from "./routes/users/create-user.ts";
import { listUsers } from "./routes/users/list-users.ts";
import { VERSION } from "./version.ts";

const OPERATIONS = [
  predict,
  predictWithExperiment,
  reportOutcomes,
  routeRequest,
  infer,
  describeModel,
  modelReady,
  inferenceServer,
  evaluateFlag,
  evaluateFlags,
  openFlagStream,
  trackFlag,
  createModel,
  listModels,
  getModel,
  deleteModel,
  uploadVersion,
  listVersions,
  getVersion,
  downloadVersion,
  deleteVersion,
  inspectVersion,
  optimizeVersion,
  benchmarkVersion,
  putCapture,
  getCapture,
  listPredictions,
  getPrediction,
  deletePrediction,
  prunePredictions,
  putBackground,
  listBackgrounds,
  getBackground,
  deleteBackground,
  explainPrediction,
  explainBatch,
  explainGlobal,
  explainDrift,
  exportExplainer,
  listJobs,
  getJob,
  cancelJob,
  listExplanations,
  explanationStatistics,
  getExplanation,
  deleteExplanation,
  pruneExplanations,
  getAlias,
  moveAlias,
  removeAlias,
  createExperiment,
  listExperiments,
  getExperiment,
  deleteExperiment,
  startExperiment,
  pauseExperiment,
  resumeExperiment,
  rollbackExperiment,
  concludeExperiment,
  answerProposal,
  changeBudget,
  undoConclusion,
  steerRamp,
  reweigh,
  getAssignment,
  explainAssignment,
  watchExperiment,
  simulateExperiment,
  sampleSize,
  getExperimentMetrics,
  getExperimentAnalysis,
  listExperimentEvents,
  ...DATASET_OPERATIONS,
  ...TRANSFORMATION_OPERATIONS,
  putLayer,
  listLayers,
  getLayer,
  deleteLayer,
  createGroup,
  listGroups,
  getGroup,
  deleteGroup,
  putGroupMember,
  removeGroupMember,
  takeOpenLineage,
  getOpenLineage,
  findCommonAncestors,
  detectLineageCycles,
  findImpact,
  getLineageNode,
  traceUpstream,
  traceDownstream,
  getReproducibilityChain,
  putModelData,
  createRun,
  listRuns,
  getRun,
  changeRun,
  deleteRun,
  createKey,
  listKeys,
  revokeKey,
  getKeyUsage,
  createUser,
  listUsers,
  setUp,
  health,
];

export const api = new OpenAPIHono<AppEnv>();
api.use(traced, crossOrigin);
api.use("/v2/*", protocolErrors);
api.use("/ofrep/*", ofrepErrors);
api.use(boundedBody);
for (const operation of OPERATIONS) api.route("/", operation);
api.route("/", referencePage);
api.onError(onError);
api.notFound((c) => noRoute(api, c));

api.openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
  type: "http",
  scheme: "bearer",
  description: `An API key. Scopes: ${Object.entries(SCOPES)
    .map(([scope, meaning]) => `\`${scope}\` (${meaning})`)
    .join(", ")}`,
});
api.openAPIRegistry.registerComponent("securitySchemes", "setupToken", {
  type: "http",
  scheme: "bearer",
  description: "The secret `SETUP_TOKEN` of the deployment",
});
api.doc31("/openapi.json", {
  openapi: "3.1.0",
  info: {
    title: "Linnet",
    version: VERSION,
    description:
      "Serves ONNX models at the edge and tries new versions on an exact share of live traffic; keeps datasets in versions, and what came of them.",
  },
});
