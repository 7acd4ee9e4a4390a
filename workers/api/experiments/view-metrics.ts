import type { MetricsReport } from "../../../contract/experiment-report.ts";
import type { ExperimentReport } from "../../../contract/experiment-lease.ts";
import { summarise } from "../../../domain/experiments/summary.ts";

export const viewMetrics = ({ definition, state, cells }: ExperimentReport): MetricsReport =>
  summarise(definition, state, cells);
