import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type {
  TransformationDefinition,
  TransformationDetails,
} from "../../../contract/transformation-work.ts";
import { openDirectory } from "../../../database/directory.ts";
import { findTransformation, insertTransformation } from "../../../database/transformations.ts";
import { type CreatedDataset, createDataset } from "./dataset-actor.ts";
import { valueOf } from "./granted.ts";
import { serialId } from "./serial-id.ts";

export const TABLE = `id,x,group\n${Array.from({ length: 60 }, (_, at) => `${at},${at + 0.5},${"abc"[at % 3]}\n`).join("")}`;

/** A transformation of the head of a dataset into the same one, listed and not begun. */
export async function createTransformation(
  change: Partial<TransformationDefinition> = {},
  given?: CreatedDataset,
) {
  const dataset = given ?? (await createDataset());
  const source = given ? null : await dataset.added(TABLE);
  const { dataset_id, owner_id } = dataset;
  const definition: TransformationDefinition = {
    transformation_id: serialId("trn"),
    owner_id,
    transformation_type: "filter",
    parameters: { where: "x >= 40" },
    sources: [{ dataset_id, version_id: source?.version_id ?? "" }],
    targets: [target(dataset_id)],
    created_by: "key_transformer",
    created_at: 0,
    ...change,
  };
  const id = definition.transformation_id;
  const directory = openDirectory(env.DB);
  await insertTransformation(directory, {
    id,
    owner_id,
    dataset_id,
    type: definition.transformation_type,
    status: "queued",
    created_at: 0,
    ended_at: null,
  });
  const actor = env.TRANSFORMATION.getByName(id);
  return {
    dataset,
    source,
    definition,
    actor,
    begin: async () => (await actor.begin(definition)) as TransformationDetails,
    describe: async () => valueOf(await actor.describe()) as TransformationDetails,
    listed: () => findTransformation(directory, owner_id, id),
    tables: () =>
      runInDurableObject(actor, (_, { storage }) =>
        storage.sql
          .exec<{ name: string }>(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' ORDER BY name",
          )
          .toArray()
          .map(({ name }) => name),
      ),
    /** Delivers alarms until it has ended; how many that took. */
    finish: async (most = 20) => {
      for (let alarms = 0; alarms < most; alarms += 1) {
        const details = valueOf(await actor.describe()) as TransformationDetails;
        if (details.ended_at !== null) return alarms;
        await runDurableObjectAlarm(actor);
      }
      throw new Error(`the transformation has not ended after ${most} alarms`);
    },
  };
}
export type CreatedTransformation = Awaited<ReturnType<typeof createTransformation>>;

export const target = (
  dataset_id: string,
  output: string | null = null,
): TransformationDefinition["targets"][number] => ({
  output,
  dataset_id,
  upload_id: serialId("upl"),
  message: "made",
  tags: output === null ? [] : [output],
  expected_content_hash: null,
});
