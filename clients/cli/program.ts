import { Command } from "commander";
import packageFile from "./package.json" with { type: "json" };
import { type Register, wireTo } from "./command.ts";
import { registerBackgrounds } from "./commands/backgrounds.ts";
import { registerData } from "./commands/data.ts";
import { registerDataPull } from "./commands/data-pull.ts";
import { registerDataPush } from "./commands/data-push.ts";
import { registerDataRows } from "./commands/data-rows.ts";
import { registerDataTransform } from "./commands/data-transform.ts";
import { registerDataVersions } from "./commands/data-versions.ts";
import { registerExplain } from "./commands/explain.ts";
import { registerExplanations } from "./commands/explanations.ts";
import { registerJobs } from "./commands/jobs.ts";
import { registerExperimentCreation } from "./commands/experiment-create.ts";
import { registerExperimentOutcomes } from "./commands/experiment-outcomes.ts";
import { registerExperimentPlanning } from "./commands/experiment-planning.ts";
import { registerExperimentReports } from "./commands/experiment-reports.ts";
import { registerExperimentSteering } from "./commands/experiment-steering.ts";
import { registerExperimentUnits } from "./commands/experiment-units.ts";
import { registerExperimentVerify } from "./commands/experiment-verify.ts";
import { registerExperimentWatch } from "./commands/experiment-watch.ts";
import { registerExperiments } from "./commands/experiments.ts";
import { registerGroups } from "./commands/groups.ts";
import { registerHealth } from "./commands/health.ts";
import { registerKeys } from "./commands/keys.ts";
import { registerLayers } from "./commands/layers.ts";
import { registerDataLineage, registerLineage } from "./commands/lineage.ts";
import { registerModelCapture } from "./commands/model-capture.ts";
import { registerModelFiles } from "./commands/model-files.ts";
import { registerModelOptimization } from "./commands/model-optimization.ts";
import { registerModels } from "./commands/models.ts";
import { registerPredict } from "./commands/predict.ts";
import { registerPredictions } from "./commands/predictions.ts";
import { registerRuns } from "./commands/runs.ts";
import { registerSession } from "./commands/session.ts";
import { registerUsers } from "./commands/users.ts";
import type { World } from "./world.ts";

const EXAMPLES = `
Examples:
  $ linnet login --url https://linnet.example.com
  $ linnet models push model.onnx --model wdbc --alias champion
  $ linnet data push bearings.parquet --dataset bearings --tag raw
  $ linnet experiments create --name "new forest" --control wdbc@champion --challenger wdbc@2=0.1 --start
  $ linnet experiments watch exp_01…
  $ echo '{"features": [[0.1, 0.2]]}' | linnet predict wdbc --json

The platform and the key come from LINNET_URL and LINNET_API_KEY, else from
.linnet/credentials.json here or in a parent folder, else from \`linnet login\`.

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 not logged in or not allowed,
4 not reachable, 130 interrupted.`;

const GROUPS: readonly { name: string; summary: string; parts: readonly Register[] }[] = [
  {
    name: "models",
    summary: "models, their versions and aliases",
    parts: [registerModels, registerModelFiles, registerModelOptimization, registerModelCapture],
  },
  {
    name: "predictions",
    summary: "predictions that were kept",
    parts: [registerPredictions],
  },
  {
    name: "experiments",
    summary: "try versions on a share of live traffic",
    parts: [
      registerExperimentCreation,
      registerExperiments,
      registerExperimentSteering,
      registerExperimentOutcomes,
      registerExperimentReports,
      registerExperimentWatch,
      registerExperimentUnits,
      registerExperimentVerify,
      registerExperimentPlanning,
    ],
  },
  {
    name: "layers",
    summary: "shares of users that experiments do not share",
    parts: [registerLayers],
  },
  {
    name: "explanations",
    summary: "what was explained and is kept",
    parts: [registerExplanations],
  },
  {
    name: "backgrounds",
    summary: "rows that explanations compare with",
    parts: [registerBackgrounds],
  },
  {
    name: "data",
    summary: "datasets and their versions",
    parts: [
      registerDataPush,
      registerDataPull,
      registerData,
      registerDataVersions,
      registerDataRows,
      registerDataTransform,
      registerDataLineage,
    ],
  },
  { name: "runs", summary: "trainings, and what they used and made", parts: [registerRuns] },
  { name: "lineage", summary: "what came of what", parts: [registerLineage] },
  { name: "groups", summary: "users with whom datasets are shared", parts: [registerGroups] },
  { name: "jobs", summary: "work that goes on by itself", parts: [registerJobs] },
  { name: "keys", summary: "API keys", parts: [registerKeys] },
  { name: "users", summary: "users, for administrators", parts: [registerUsers] },
];

/** The whole command line; `finish` takes an exit code other than 0. */
export function createProgram(world: World, finish: (code: number) => void): Command {
  const program = new Command("linnet")
    .description("Serve models at the edge and try new versions on live traffic.")
    .version(packageFile.version, "-V, --version")
    .option("--json", "print JSON on standard output")
    // Else the program would take the --version of `predict` for its own.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
    })
    .showHelpAfterError("(add --help for more)")
    .addHelpText("after", EXAMPLES);
  const wire = wireTo(world, finish);

  registerSession(program, wire);
  registerPredict(program, wire);
  registerExplain(program, wire);
  for (const { name, summary, parts } of GROUPS) {
    const group = program.command(name).description(summary);
    for (const register of parts) register(group, wire);
  }
  registerHealth(program, wire);
  return program;
}
