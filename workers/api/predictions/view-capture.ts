import type { Context } from "hono";
import type { CaptureSetting } from "../../../contract/model-lease.ts";
import type { CaptureView } from "../../../contract/prediction.ts";
import { formatWeight } from "../../../domain/experiments/weight.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { instantOrNull } from "../http/times.ts";

/** The setting, with what is kept now. */
export async function viewCapture(
  c: Context<AppEnv>,
  { id, name }: { id: string; name: string },
  { rate, kept_days, updated_at, updated_by }: CaptureSetting,
): Promise<CaptureView> {
  const { kept, kept_bytes, oldest_at, newest_at } = await callActor(
    () => c.env.PREDICTIONS.getByName(id),
    (log) => log.statistics(),
  );
  return {
    model: name,
    rate: formatWeight(rate),
    kept_days,
    updated_at: instantOrNull(updated_at),
    updated_by,
    kept,
    kept_bytes,
    oldest_at: instantOrNull(oldest_at),
    newest_at: instantOrNull(newest_at),
  };
}
