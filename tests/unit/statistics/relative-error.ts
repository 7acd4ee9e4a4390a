/** |actual - expected| / |expected|; `expected` may be a decimal string. Differing by the smallest double is no error. */
export function relativeError(actual: number, expected: number | string): number {
  const distance = Math.abs(actual - Number(expected));
  return distance <= Number.MIN_VALUE ? 0 : distance / Math.abs(Number(expected));
}
