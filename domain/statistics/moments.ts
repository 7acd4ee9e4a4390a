/** TEMP */
export type Moments = { count: number; sum: [number, number]; sumOfSquares: [number, number] };
export const EMPTY_MOMENTS: Moments = { count: 0, sum: [0, 0], sumOfSquares: [0, 0] };
const go = (m: Moments, v: number, s: number): Moments => ({ count: m.count + s, sum: [m.sum[0] + s * v, 0], sumOfSquares: [m.sumOfSquares[0] + s * v * v, 0] });
export const add = (m: Moments, v: number): Moments => go(m, v, 1);
export const remove = (m: Moments, v: number): Moments => go(m, v, -1);
export const mean = (m: Moments): number | null => (m.count === 0 ? null : m.sum[0] / m.count);
