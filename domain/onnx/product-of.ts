import type { Dimension } from "../tensors/tensor.ts";

/** The product of sizes, null where one is unknown, negative, or the product beyond 2^53. */
export function productOf(sizes: readonly (Dimension | undefined)[] | null): number | null {
  if (sizes === null) return null;
  let product = 1;
  for (const size of sizes) {
    if (typeof size !== "number" || size < 0) return null;
    product *= size;
  }
  return Number.isSafeInteger(product) ? product : null;
}
