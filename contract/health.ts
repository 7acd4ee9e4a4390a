import * as z from "zod";

const State = z.enum(["ok", "failed"]);
export const HealthView = z.object({ status: State, version: z.string() }).meta({ id: "Health" });
export const DeepHealth = z
  .object({
    status: State,
    version: z.string(),
    checked_at: z.iso.datetime(),
    dependencies: z.array(
      z.object({
        name: z.string(),
        status: State,
        latency_ms: z.number(),
        detail: z.string().optional(),
      }),
    ),
  })
  .meta({ id: "DeepHealth" });
export type DeepHealth = z.infer<typeof DeepHealth>;
