import { unitPosition } from "../experiments/unit-position.ts";

/**
 * Whether a request is of the share whose predictions are kept. `rate` counts 10^-12, so that a
 * rate of `WHOLE` takes all and 0 none. A hash decides: a request that is sent again is chosen
 * again, and a larger rate takes every request of a smaller one.
 */
export const isCaptured = (model_id: string, request_id: string, rate: number): boolean =>
  rate > 0 && unitPosition(`${model_id}/capture`, request_id) < rate;
