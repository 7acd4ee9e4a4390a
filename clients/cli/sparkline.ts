const BARS = "▁▂▃▄▅▆▇█";

/** One column a value, from the lowest to the highest; nothing for no values. */
export function sparkline(values: readonly number[], lowest = Math.min(...values)): string {
  const range = Math.max(...values) - lowest;
  const bar = (value: number): string =>
    BARS.charAt(range > 0 ? Math.round(((value - lowest) / range) * (BARS.length - 1)) : 0);
  return values.map(bar).join("");
}
