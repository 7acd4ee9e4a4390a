import { expect, it } from "vitest";
import {
  countRequest,
  knownOutcomes,
  noRequests,
} from "../../../domain/experiments/known-outcomes.ts";

const served = (success: boolean) => ({ success, source: "served" as const });
const reported = (success: boolean) => ({ success, source: "reported" as const });
const count = (...outcomes: (ReturnType<typeof served> | ReturnType<typeof reported>)[]) =>
  outcomes.reduce((counts, outcome) => countRequest(counts, outcome, 1), noRequests);

it("takes a served request for a success where nobody reports", () => {
  const counts = count(served(true), served(true), served(false));
  expect(knownOutcomes(counts, false)).toEqual({ requests: 3, successes: 2, errors: 1 });
});

it("leaves served requests out where callers report, but not failures to serve", () => {
  const counts = count(served(true), served(true), served(false), reported(true), reported(false));
  expect(knownOutcomes(counts, true)).toEqual({ requests: 3, successes: 1, errors: 2 });
});

it("counts a request that is taken away as if it had never been", () => {
  const before = count(served(true), reported(false));
  const after = countRequest(countRequest(before, reported(true), 1), reported(true), -1);
  expect(after).toEqual(before);
});
