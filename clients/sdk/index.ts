export { createClient } from "./client.ts";
export type { Call, CallOptions, ClientOptions, Fetch, Linnet, OpenSocket } from "./client.ts";
export { LinnetError } from "./linnet-error.ts";
export type { FailureCode } from "./linnet-error.ts";
export { createOutcomeReporter } from "./outcome-reporter.ts";
export type {
  OutcomeReporter,
  OutcomeReporterOptions,
  RejectedOutcome,
} from "./outcome-reporter.ts";

export * as aliases from "./aliases.ts";
export * as backgrounds from "./backgrounds.ts";
export * as datasets from "./datasets.ts";
export * as experiments from "./experiments.ts";
export * as explanations from "./explanations.ts";
export * as groups from "./groups.ts";
export * as jobs from "./jobs.ts";
export * as keys from "./keys.ts";
export * as layers from "./layers.ts";
export * as lineage from "./lineage.ts";
export * as models from "./models.ts";
export * as platform from "./platform.ts";
export * as predictions from "./predictions.ts";
export * as runs from "./runs.ts";
export * as transformations from "./transformations.ts";
export * as users from "./users.ts";
export * as versions from "./versions.ts";

export type { ChainBreak, ChainReport } from "./verify-events.ts";
export type * from "./wire.ts";
