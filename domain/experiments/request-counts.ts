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
 * The share of requests that fail: those that could not be served, and of the rest the share that
 * callers report as failed. So neither a sample of reports nor a late one hides an error or
 * makes one weigh more. Null before `fewest` requests; fewer reports than that say nothing.
 */
export function errorRate(
  { requests, errors, reported, reported_errors }: RequestCounts,
  fewest = 1,
): number | null {
  if (requests < fewest) return null;
  const notServed = (errors - reported_errors) / requests;
  const wrong = reported < fewest ? 0 : reported_errors / reported;
  return notServed + (1 - notServed) * wrong;
}

/**
 * The counts that a test compares: of the reported requests where callers report, of all where
 * nobody does, with the errors that the error rate makes of so many.
 */
export function comparedCounts(
  counts: RequestCounts,
  callersReport: boolean,
): { requests: number; successes: number; errors: number } {
  const requests = callersReport ? counts.reported : counts.requests;
  const errors = Math.round(requests * (errorRate(counts) ?? 0));
  return { requests, successes: requests - errors, errors };
}
