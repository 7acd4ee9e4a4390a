/**
 * floor(bucket * span / count): the first of the positions [0, span) that a bucket has among `count`
 * equal ones. Exact for counts up to 2^26.
 */
export function bucketStart(bucket: number, count: number, span: number): number {
  const remainder = span % count;
  return bucket * ((span - remainder) / count) + Math.floor((bucket * remainder) / count);
}
