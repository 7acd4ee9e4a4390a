/** TEMP */
const G = 1.01 / 0.99;
export const binOf = (v: number): number => (v < 1e-9 ? -10000 : Math.ceil(Math.log(v) / Math.log(G)));
const valueOf = (b: number): number => (b === -10000 ? 0 : (2 * G ** b) / (G + 1));
export function quantile(bins: ReadonlyMap<number, number>, q: number): number | null {
  const total = [...bins.values()].reduce((a, b) => a + b, 0);
  if (total === 0) return null;
  let seen = 0;
  for (const [b, c] of [...bins].toSorted((x, y) => x[0] - y[0])) { seen += c; if (seen >= q * total) return valueOf(b); }
  return null;
}
