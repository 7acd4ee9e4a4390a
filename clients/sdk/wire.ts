/** What travels: the types of the contract, without its schemas. */
import type { ReportOutcomes, RouteRequest } from "../../contract/experiment-traffic.ts";
import type { DeepHealth } from "../../contract/health.ts";

export type { BackgroundRows, BackgroundView, PutBackground } from "../../contract/background.ts";
export type { Page } from "../../contract/common.ts";
export type {
  ChangeDataset,
  Collected,
  CreateDataset,
  DatasetTags,
  DatasetVersionDetails,
  DatasetVersionView,
  DatasetView,
  Removal,
} from "../../contract/dataset.ts";
export type {
  Comparison,
  CreateLink,
  LinkView,
  PreviewView,
  RowsView,
  SignalView,
  StatisticsView,
} from "../../contract/dataset-contents.ts";
export type {
  BeginUpload,
  CheckedEnds,
  DeclareChunks,
  DeclaredChunks,
  PutVersionQuery,
  StoredPack,
  UploadView,
} from "../../contract/dataset-upload.ts";
export type {
  CreateExperiment,
  ExperimentChange,
  ExperimentSummary,
  ExperimentView,
  RampRequest,
  ReweighRequest,
  ReweighResult,
} from "../../contract/experiment.ts";
export type { AssignmentView, ExplainedAssignment } from "../../contract/experiment-assignment.ts";
export type { LiveFrame } from "../../contract/experiment-live.ts";
export type {
  SampleSizeReport,
  SampleSizeRequest,
  SimulateRequest,
  SimulationReport,
} from "../../contract/experiment-plan.ts";
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
export type {
  ExplainBatchBody as ExplainBatchRequest,
  ExplainBody as ExplainRequest,
  ExplainDriftBody as ExplainDriftRequest,
  ExplainGlobalBody as ExplainGlobalRequest,
  ExportExplainerBody as ExportExplainerRequest,
} from "../../contract/explain-body.ts";
export type {
  AnyExplanationView,
  DriftExplanationView,
  ExplanationView,
  GlobalExplanationView,
} from "../../contract/explanation.ts";
export type { ExplanationStatistics, ExplanationSummary } from "../../contract/explanation-list.ts";
export type { CreateGroup, GroupMember, GroupSummary, GroupView } from "../../contract/group.ts";
export type { DeepHealth } from "../../contract/health.ts";
export type {
  ChainView,
  CommonAncestorsView,
  CyclesView,
  ImpactBody as ImpactRequest,
  ImpactView,
  LineageNodeSummary,
  LineageNodeView,
  TraceView,
} from "../../contract/lineage.ts";
export type { ChangeRun, CreateRun, RunSummary, RunView } from "../../contract/run.ts";
export type { JobSummary, JobView } from "../../contract/job.ts";
export type { CreateKey, KeyUsage, KeyView, NewKey, SetUpResult } from "../../contract/key.ts";
export type { UserView } from "../../contract/key.ts";
export type { LayerSummary, LayerView, PutLayer } from "../../contract/layer.ts";
export type {
  AliasHistory,
  AliasView,
  CreateModel,
  ModelView,
  MoveAlias,
  VersionView,
} from "../../contract/model.ts";
export type {
  BenchmarkRequest,
  BenchmarkResult,
  InspectResult,
  OptimizeRequest,
  OptimizeResult,
} from "../../contract/optimize.ts";
export type { PredictRequest, PredictResponse } from "../../contract/predict.ts";
export type {
  CaptureView,
  PredictionSummary,
  PredictionView,
  PrunedPredictions,
  PutCapture,
} from "../../contract/prediction.ts";
export type { Problem, ProblemCode } from "../../contract/problem.ts";
export type {
  CreateTransformation,
  ReplayTransformations,
  Reproducibility,
  TransformationStateView,
  TransformationSummary,
} from "../../contract/transformation.ts";

type CompleteOutcome = ReportOutcomes["outcomes"][number];
/** What came of one request; without a `revision` it is the first report of it. */
export type Outcome = Omit<CompleteOutcome, "revision"> &
  Partial<Pick<CompleteOutcome, "revision">>;
/** What is known of a unit, for targeting. */
export type Attributes = NonNullable<RouteRequest["attributes"]>;
export type Health = Pick<DeepHealth, "status" | "version">;
