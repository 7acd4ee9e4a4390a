import type { Context } from "hono";
import type {
  TransformationDefinition,
  TransformationDetails,
} from "../../../contract/transformation-work.ts";
import { openDirectory } from "../../../database/directory.ts";
import {
  findTransformation,
  insertTransformation,
  putTransformationStatus,
} from "../../../database/transformations.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { unknownTransformation } from "./transformation-problem.ts";

/** How long a caller who waits is kept, and how often it is looked after. */
const PATIENCE_MS = 20_000;
const FIRST_LOOK_MS = 20;
const LONGEST_LOOK_MS = 500;

export type Order = Pick<
  TransformationDefinition,
  "transformation_type" | "parameters" | "sources" | "targets"
>;

/** Begins a transformation that was checked, in the caller's name. */
export async function startTransformation(
  c: Context<AppEnv>,
  order: Order,
): Promise<TransformationDetails> {
  const { owner_id, key_id } = c.get("admission").principal;
  const definition: TransformationDefinition = {
    ...order,
    transformation_id: newId("trn"),
    owner_id,
    created_by: key_id,
    created_at: Date.now(),
  };
  const { transformation_id: id, created_at } = definition;
  const directory = openDirectory(c.env.DB);
  await insertTransformation(directory, {
    id,
    owner_id,
    dataset_id: order.targets[0]?.dataset_id ?? "",
    type: order.transformation_type,
    status: "queued",
    created_at,
    ended_at: null,
  });
  try {
    return (await callActor(
      () => c.env.TRANSFORMATION.getByName(id),
      (actor) => actor.begin(definition),
    )) as TransformationDetails;
  } catch (error) {
    const standing = { status: "failed", ended_at: Date.now() } as const;
    await putTransformationStatus(directory, id, standing);
    throw error;
  }
}

/** A way to the actor of the caller's transformation. */
export async function ownedTransformation(c: Context<AppEnv>, id: string) {
  const { owner_id } = c.get("admission").principal;
  const row = await findTransformation(openDirectory(c.env.DB), owner_id, id);
  if (!row) throw unknownTransformation(id);
  return () => c.env.TRANSFORMATION.getByName(row.id);
}

/** How one that the caller has begun stands. */
export async function describeTransformation(
  c: Context<AppEnv>,
  id: string,
): Promise<TransformationDetails> {
  const found = await callActor(
    () => c.env.TRANSFORMATION.getByName(id),
    (actor) => actor.describe(),
  );
  if (!found.ok) throw unknownTransformation(id);
  return found.value as TransformationDetails;
}

/** How they stand when all have ended, or the caller has waited long enough. */
export async function waitedFor(
  c: Context<AppEnv>,
  begun: readonly TransformationDetails[],
  wait: boolean,
): Promise<TransformationDetails[]> {
  let all = [...begun];
  const until = Date.now() + (wait ? PATIENCE_MS : 0);
  for (let pause = FIRST_LOOK_MS; !all.every(hasEnded) && Date.now() < until;) {
    await scheduler.wait(pause);
    pause = Math.min(LONGEST_LOOK_MS, pause * 1.5);
    all = await Promise.all(
      all.map(async (one) =>
        hasEnded(one) ? one : describeTransformation(c, one.transformation_id),
      ),
    );
  }
  return all;
}

export const hasEnded = ({ ended_at }: Pick<TransformationDetails, "ended_at">): boolean =>
  ended_at !== null;
