import type { Context } from "hono";
import type { OpenLineageAnswer, OpenLineageBody } from "../../../contract/openlineage.ts";
import {
  type EventFault,
  type OpenLineageEvent,
  readEvent,
} from "../../../domain/lineage/openlineage/event.ts";
import { claimVersion } from "../../../durable-objects/shared/version-claims.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { askLineage } from "./owner-lineage.ts";

type Failed = EventFault & { index: number };
/** Events cross RPC a few at a time: a message has 32 MiB at most, and the actor others to answer. */
const AT_ONCE = 100;
const FAILED_SHOWN = 100;

/** Keeps the good events of a batch and says which were not; one by itself is refused. */
export async function takeEvents(
  c: Context<AppEnv>,
  body: OpenLineageBody,
): Promise<OpenLineageAnswer> {
  const { owner_id } = c.get("admission").principal;
  const sent: unknown[] = Array.isArray(body) ? body : [body];
  const events: OpenLineageEvent[] = [];
  const failed: Failed[] = [];
  for (const [index, each] of sent.entries()) {
    const read = readEvent(each);
    if (read.ok) events.push(read.value);
    else failed.push({ index, ...read.error });
  }
  if (events.length === 0) throw refuse(failed);
  for (let at = 0; at < events.length; at += AT_ONCE) {
    const part = events.slice(at, at + AT_ONCE);
    const uses = await askLineage(c, (lineage) => lineage.record(part));
    const once = new Map(uses.map((use) => [`${use.run_id} ${use.version_id}`, use]));
    // That one is gone already changes no fact.
    for (const { run_id, version_id } of once.values())
      await claimVersion(c.env, version_id, run_id, { owner_id });
  }
  return {
    status: failed.length === 0 ? "success" : "partial_success",
    summary: {
      received: sent.length,
      successful: events.length,
      failed: failed.length,
      retriable: 0,
      non_retriable: failed.length,
    },
    failed_events: failed.slice(0, FAILED_SHOWN).map(({ index, pointer, detail }) => ({
      index,
      pointer,
      reason: detail,
      retriable: false,
    })),
  };
}

function refuse(failed: readonly Failed[]): ApiProblem {
  const [first] = failed;
  const where = failed.length > 1 ? `event ${first?.index} ` : "";
  const detail = `${where}${first?.pointer}: ${first?.detail}`;
  const errors = failed.slice(0, 20).map(({ pointer, detail }) => ({ pointer, detail }));
  return new ApiProblem("openlineage_invalid", detail, { errors });
}
