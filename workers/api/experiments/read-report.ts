import type { Context } from "hono";
import type { ExperimentReport } from "../../../contract/experiment-lease.ts";
import type { AppEnv } from "../http/app-env.ts";
import { askExperiment } from "./ask-experiment.ts";

/** The experiment and its totals, from one turn of its actor. */
export const readReport = (c: Context<AppEnv>, id: string): Promise<ExperimentReport> =>
  askExperiment<ExperimentReport>(c, id, (actor) => actor.report());
