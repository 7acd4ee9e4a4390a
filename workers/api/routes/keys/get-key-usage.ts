import { createRoute } from "@hono/zod-openapi";
import { KeyPath, KeyUsage, UsageQuery } from "../../../../contract/key.ts";
import type { HourUsage } from "../../../../contract/key-lease.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ownedKey } from "../../keys/owned-key.ts";
import { instant } from "../../http/times.ts";

const route = createRoute({
  ...secured("keys:read"),
  operationId: "getKeyUsage",
  tags: ["Keys"],
  summary: "How a key was used in the last hours",
  description:
    "Isolates tell the key's actor what they served once a second, so the last second may be missing.",
  method: "get",
  path: "/v1/keys/{id}/usage",
  request: { params: KeyPath, query: UsageQuery },
  responses: {
    200: { description: "The usage", content: { "application/json": { schema: KeyUsage } } },
    ...securedProblems("invalid_request", "key_not_found"),
  },
});

export const getKeyUsage = operation().openapi(route, async (c) => {
  const { id } = await ownedKey(c, c.req.valid("param").id);
  const { hours } = c.req.valid("query");
  const usage: HourUsage[] = await callActor(
    () => c.env.KEY.getByName(id),
    (actor) => actor.usage(hours),
  );
  const sum = (of: (hour: HourUsage) => number) =>
    usage.reduce((total, hour) => total + of(hour), 0);
  const requests = sum((hour) => hour.requests);
  const mean = (total_ms: number, count: number) => (count === 0 ? null : total_ms / count);
  const by_hour = usage.map(({ hour, total_ms, ...counts }) => ({
    ...counts,
    hour: instant(hour),
    avg_response_time_ms: mean(total_ms, counts.requests),
  }));
  const totals = {
    total_requests: requests,
    error_rate: requests === 0 ? null : sum((hour) => hour.errors) / requests,
    avg_response_time_ms: mean(
      sum((hour) => hour.total_ms),
      requests,
    ),
  };
  return c.json({ key_id: id, hours, ...totals, by_hour }, 200);
});
