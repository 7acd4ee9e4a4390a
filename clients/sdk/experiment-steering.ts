import type { CallOptions, Linnet } from "./client.ts";
import { path } from "./path.ts";
import type {
  ExperimentChange,
  ExperimentView,
  RampRequest,
  ReweighRequest,
  ReweighResult,
} from "./wire.ts";

/**
 * Gives the variants other weights, which moves the fewest units; a `dry_run` says how many these
 * are. Only a `dry_run` is retried: a second change would begin an epoch of its own.
 */
export const reweigh = (
  client: Linnet,
  id: string,
  request: ReweighRequest,
  options?: CallOptions,
): Promise<ReweighResult> =>
  client.call(
    {
      method: "POST",
      path: path`/v1/experiments/${id}/weights`,
      json: request,
      repeatable: request.dry_run === true,
    },
    options,
  );

/** Approves a step of a ramp, moves the ramp a step, or holds or releases it. Never retried. */
export const steerRamp = (
  client: Linnet,
  id: string,
  request: RampRequest,
  options?: CallOptions,
): Promise<ExperimentChange> =>
  client.call(
    { method: "POST", path: path`/v1/experiments/${id}/ramp`, json: request, repeatable: false },
    options,
  );

/** Decides on a rollback that waits for approval. Never retried. */
export const answerProposal = (
  client: Linnet,
  id: string,
  request: { decision: "approve" | "dismiss" },
  options?: CallOptions,
): Promise<ExperimentChange> =>
  client.call(
    {
      method: "POST",
      path: path`/v1/experiments/${id}/proposal`,
      json: request,
      repeatable: false,
    },
    options,
  );

/** Replaces both limits of what the canaries may do; null is without limit. */
export const changeBudget = (
  client: Linnet,
  id: string,
  budget: ExperimentView["budget"],
  options?: CallOptions,
): Promise<ExperimentChange> =>
  client.call(
    { method: "PUT", path: path`/v1/experiments/${id}/budget`, json: budget, repeatable: true },
    options,
  );

/** Takes the last conclusion back with the `undo_token` that it answered. */
export const undo = (
  client: Linnet,
  id: string,
  request: { undo_token: string },
  options?: CallOptions,
): Promise<ExperimentChange> =>
  client.call(
    { method: "POST", path: path`/v1/experiments/${id}/undo`, json: request, repeatable: true },
    options,
  );
