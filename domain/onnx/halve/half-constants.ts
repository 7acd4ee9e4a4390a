import { floatsOf, storedFloats } from "../float-values.ts";
import type { StoredTensor } from "../model.ts";
import { float16Bits } from "../tensors.ts";

/** The largest finite float16. */
const MAX_FLOAT16 = 65_504;

/** What the weights lost on the way to float16. */
export type HalfLosses = {
  tensors: number;
  elements: number;
  /** Finite numbers beyond the largest finite float16, which took their place. */
  clamped: number;
  /** Numbers nearer to 0 than half the smallest subnormal float16, which became 0. */
  flushed: number;
};

/** The tensor as float16, each number the nearest one; what was lost is added to `losses`. */
export function halfConstant(stored: StoredTensor, losses: HalfLosses): StoredTensor {
  const values = floatsOf(stored);
  losses.tensors += 1;
  losses.elements += values.length;
  const clamped = values.map((value) => {
    if (value !== 0 && (float16Bits(value) & 0x7fff) === 0) losses.flushed += 1;
    if (Math.abs(value) <= MAX_FLOAT16 || !Number.isFinite(value)) return value;
    losses.clamped += 1;
    return Math.sign(value) * MAX_FLOAT16;
  });
  return storedFloats(stored.name ?? "", "float16", stored.dims, clamped);
}
