import type { RecordedOutcome } from "./record-outcome.ts";

/** Counts of one variant's requests. `errors` counts failures to serve and reported failures. */
export type RequestCounts = {
  requests: number;
  errors: number;
  reported: number;
  reported_errors: number;
};

export const noRequests: RequestCounts = {
  requests: 0,
  errors: 0,
  reported: 0,
  reported_errors: 0,
};

/** The counts with one more request, or with `by` -1 without it. */
export const countRequest = (
  counts: RequestCounts,
  { success, source }: Pick<RecordedOutcome, "success" | "source">,
  by: 1 | -1,
): RequestCounts => {
  const reported = source === "reported";
  return {
    requests: counts.requests + by,
    errors: counts.errors + (success ? 0 : by),
    reported: counts.reported + (reported ? by : 0),
    reported_errors: counts.reported_errors + (reported && !success ? by : 0),
  };
};

/**
 * The requests whose outcome is known, and what it was. Where callers report outcomes, a request
 * that was served and not yet reported is not known: it would hide errors that come late or for a
 * sample only. Where nobody reports, a request that was served is a success. A failure to serve
 * is known in both cases.
 */
export function knownOutcomes(
  { requests, errors, reported, reported_errors }: RequestCounts,
  callersReport: boolean,
): { requests: number; successes: number; errors: number } {
  const known = callersReport ? reported + errors - reported_errors : requests;
  return { requests: known, successes: known - errors, errors };
}
