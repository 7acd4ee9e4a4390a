import type { Context } from "hono";
import type * as z from "zod";
import type { ReplayTransformations } from "../../../contract/transformation.ts";
import type {
  TransformationDetails,
  TransformationSource,
  TransformationTarget,
} from "../../../contract/transformation-work.ts";
import {
  type ReplaySource,
  type ReplayStep,
  replayPlan,
} from "../../../domain/datasets/transformations/chain.ts";
import { unfitted } from "../../../domain/datasets/transformations/check-transformation.ts";
import type { JsonObject } from "../../../domain/datasets/transformations/parameters.ts";
import { writableDataset } from "../datasets/owned-dataset.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { ApiProblem } from "../http/problem.ts";
import { findAsked } from "./asked-version.ts";
import { startTransformation } from "./start-transformation.ts";
import { ruled } from "./transformation-problem.ts";
import { versionChain, type VersionChain } from "./version-chain.ts";

/**
 * Begins every step that leads from a version to the target, with another version in its place. Each
 * makes its versions in the dataset where its counterpart is; a step waits for those before it.
 */
export async function replay(
  c: Context<AppEnv>,
  dataset: string,
  body: z.output<typeof ReplayTransformations>,
): Promise<TransformationDetails[]> {
  const target = await findAsked(c, { dataset, version: body.target_version });
  const [from, to] = [
    await findAsked(c, body.source_version),
    await findAsked(c, body.new_source_version),
  ];
  const found = await versionChain(c, target.record.version_id);
  const plan = await ruled(() =>
    replayPlan(found.chain, new Map([[from.record.version_id, to.record.version_id]])),
  );
  // Whether the caller may read and write all of it is asked before any of it is begun.
  const steps = [];
  for (const step of plan)
    steps.push({
      step,
      sources: await sourcesOf(c, step),
      targets: await targetsOf(c, step, found, target.record.version_id, body),
    });
  const begun: TransformationDetails[] = [];
  for (const { step, sources, targets } of steps) {
    const { transformation_type } = step.transformation;
    const parameters = step.transformation.parameters as JsonObject;
    begun.push(
      await startTransformation(c, {
        transformation_type,
        parameters: body.refit ? unfitted(transformation_type, parameters) : parameters,
        sources: sources.map((source) => ("step" in source ? madeBy(source, begun) : source)),
        targets,
      }),
    );
  }
  return begun;
}

type EarlierStep = Extract<ReplaySource, { step: number }>;
type KnownVersion = Extract<TransformationSource, { version_id: string }>;

async function sourcesOf(
  c: Context<AppEnv>,
  { sources }: ReplayStep,
): Promise<(EarlierStep | KnownVersion)[]> {
  const found: (EarlierStep | KnownVersion)[] = [];
  for (const source of sources)
    if ("step" in source) found.push(source);
    else {
      const { dataset_id } = await findAsked(c, source.version_id);
      found.push({ dataset_id, version_id: source.version_id });
    }
  return found;
}

function madeBy(
  { step, output }: EarlierStep,
  begun: readonly TransformationDetails[],
): TransformationSource {
  const transformation_id = begun[step]?.transformation_id;
  if (transformation_id === undefined) throw new RangeError("a step before those that it needs");
  return { transformation_id, output };
}

async function targetsOf(
  c: Context<AppEnv>,
  { versions }: ReplayStep,
  { records }: VersionChain,
  target_id: string,
  { message, tags }: z.output<typeof ReplayTransformations>,
): Promise<TransformationTarget[]> {
  const targets: TransformationTarget[] = [];
  for (const { version_id, output } of versions) {
    const dataset_id = records.get(version_id)?.dataset_id;
    if (dataset_id === undefined)
      throw new ApiProblem(
        "dataset_version_not_found",
        `there is no version ${version_id} any more`,
      );
    await writableDataset(c, dataset_id);
    targets.push({
      output,
      dataset_id,
      upload_id: newId("upl"),
      message,
      tags: version_id === target_id ? tags : [],
      expected_content_hash: null,
    });
  }
  return targets;
}
