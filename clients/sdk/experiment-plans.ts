import type { CallOptions, Linnet } from "./client.ts";
import type {
  SampleSizeReport,
  SampleSizeRequest,
  SimulateRequest,
  SimulationReport,
} from "./wire.ts";

/** Plays a planned experiment against synthetic traffic; the same plan gives the same answer. */
export const simulate = (
  client: Linnet,
  plan: SimulateRequest,
  options?: CallOptions,
): Promise<SimulationReport> =>
  client.call(
    { method: "POST", path: "/v1/experiments/simulate", json: plan, repeatable: true },
    options,
  );

/** How many observations each variant needs for one look at the end. */
export const sampleSize = (
  client: Linnet,
  request: SampleSizeRequest,
  options?: CallOptions,
): Promise<SampleSizeReport> =>
  client.call(
    { method: "POST", path: "/v1/experiments/sample-size", json: request, repeatable: true },
    options,
  );
