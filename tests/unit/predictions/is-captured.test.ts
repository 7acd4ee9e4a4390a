import { expect, test } from "vitest";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { isCaptured } from "../../../domain/predictions/is-captured.ts";
import { normalQuantile } from "../../../domain/statistics/normal.ts";

const requests = Array.from({ length: 20_000 }, (_, at) => `req_${at}`);
const taken = (rate: number, model = "mdl_1") =>
  requests.filter((request) => isCaptured(model, request, rate * WHOLE));

test.each([0.001, 0.1, 0.5, 0.9])("a rate of %d takes that share of the requests", (rate) => {
  const deviation = Math.sqrt(requests.length * rate * (1 - rate));
  const most = normalQuantile(1 - 1e-6) * deviation;
  expect(Math.abs(taken(rate).length - requests.length * rate)).toBeLessThan(most);
});

test("none and all are none and all", () => {
  expect(taken(0)).toEqual([]);
  expect(taken(1)).toEqual(requests);
});

test("a larger rate takes what a smaller one takes", () => {
  const larger = new Set(taken(0.2));
  expect(taken(0.1).filter((request) => !larger.has(request))).toEqual([]);
});

test("models choose independently of each other", () => {
  const others = new Set(taken(0.5, "mdl_2"));
  const both = taken(0.5).filter((request) => others.has(request)).length;
  expect(Math.abs(both - requests.length / 4)).toBeLessThan(
    5 * Math.sqrt(requests.length * 0.1875),
  );
});
