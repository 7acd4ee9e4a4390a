/** What travels: the types of the contract, without its schemas. */
import type { ReportOutcomes } from "../../contract/experiment-traffic.ts";
import type { DeepHealth } from "../../contract/health.ts";

export type { Page } from "../../contract/common.ts";
export type {
  CreateExperiment,
  ExperimentChange,
  ExperimentSummary,
  ExperimentView,
} from "../../contract/experiment.ts";
export type {
  AnalysisReport,
  EventView,
  MetricsReport,
  VariantMetrics,
} from "../../contract/experiment-report.ts";
export type {
  ExperimentPredictRequest,
  ExperimentPredictResponse,
  OutcomesReport,
  RouteRequest,
  RouteResponse,
} from "../../contract/experiment-traffic.ts";
export type { DeepHealth } from "../../contract/health.ts";
export type { CreateKey, KeyUsage, KeyView, NewKey, SetUpResult } from "../../contract/key.ts";
export type { UserView } from "../../contract/key.ts";
export type {
  AliasHistory,
  AliasView,
  CreateModel,
  ModelView,
  MoveAlias,
  VersionView,
} from "../../contract/model.ts";
export type { PredictRequest, PredictResponse } from "../../contract/predict.ts";
export type { Problem, ProblemCode } from "../../contract/problem.ts";

export type Outcome = ReportOutcomes["outcomes"][number];
export type Health = Pick<DeepHealth, "status" | "version">;
