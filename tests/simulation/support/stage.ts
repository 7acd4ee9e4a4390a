import type { ExperimentRecord } from "../../../contract/experiment-lease.ts";
import type { ExperimentActor } from "../../../durable-objects/experiment/experiment-actor.ts";
import type { ModelActor } from "../../../durable-objects/model/model-actor.ts";
import { MODEL } from "./contest.ts";
import type { HostedActors } from "./hosted-actors.ts";
import type { Ending } from "./story.ts";
import type { World } from "./world.ts";

const VERSIONS = [1, 2, 3];
const versionRow = (version: number): string =>
  `(${version}, '${version}', 1, '{"inputs":[],"outputs":[]}', '', 0, 'key_creator')`;
/** Longer than a call takes while nothing fails. */
const CALL_MS = 100;

/** A model with three versions, its alias at the first, and the experiments, running. */
export async function begin(
  world: World,
  actors: HostedActors,
  definitions: readonly ExperimentRecord[],
): Promise<void> {
  const done = async (call: () => Promise<unknown>) => {
    world.after(0, () => void call());
    await world.runUntil(world.now + CALL_MS);
  };
  const model = actors.at("MODEL", MODEL) as ModelActor;
  actors.exec("MODEL", MODEL, `INSERT INTO model (id) VALUES ('${MODEL}')`);
  actors.exec(
    "MODEL",
    MODEL,
    `INSERT INTO version (version, sha256, size_bytes, signature, description, created_at, created_by) VALUES ${VERSIONS.map(versionRow).join()}`,
  );
  const first = { alias: "champion", version: 1, expected: null, by: "key_creator" };
  await done(() => model.moveAlias(first));
  for (const definition of definitions) {
    const experiment = actors.at("EXPERIMENT", definition.id) as ExperimentActor;
    for (const { version } of definition.variants) model.claim(definition.id, version);
    // oxlint-disable-next-line no-await-in-loop
    await done(() => experiment.create(definition, "key_creator"));
    // oxlint-disable-next-line no-await-in-loop
    await done(() => experiment.change("start", { by: "key_creator" }));
  }
}

/** What is left of the experiments, as their actors and their model's tell it. */
export function endingsOf(
  actors: HostedActors,
  definitions: readonly ExperimentRecord[],
): Ending[] {
  const model = actors.at("MODEL", MODEL) as ModelActor;
  return definitions.map((definition) => {
    const experiment = actors.at("EXPERIMENT", definition.id) as ExperimentActor;
    const report = experiment.report();
    if (!report.ok) throw new Error(report.error.code);
    const described = model.describeAlias(definition.alias);
    const owed = actors
      .exec(
        "EXPERIMENT",
        definition.id,
        "SELECT key FROM effect UNION SELECT 'conclusion' FROM experiment WHERE conclusion IS NOT NULL",
      )
      .map(({ key }) => String(key));
    const [meter] = actors.exec(
      "EXPERIMENT",
      definition.id,
      "SELECT value FROM meter WHERE name = 'canary_requests'",
    );
    const claims = actors
      .exec("MODEL", MODEL, "SELECT experiment_id, version FROM claim ORDER BY version")
      .filter(({ experiment_id }) => experiment_id === definition.id)
      .map(({ version }) => Number(version));
    return {
      definition,
      report: report.value,
      events: experiment.events(0, 10_000),
      spent: Number(meter?.["value"] ?? 0),
      owed,
      claims,
      alias: described.ok ? described.value.history.toReversed() : [],
    };
  });
}
