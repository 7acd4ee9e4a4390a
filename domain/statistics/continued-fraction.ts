/** Stands in for a zero denominator, as Thompson and Barnett propose. */
const TINY = 1e-300;

/**
 * b0 + a1 / (b1 + a2 / (b2 + ...)), where `term(m)` gives [a_m, b_m].
 * Modified Lentz method (Lentz 1976; Thompson & Barnett 1986), run until a step changes the value by less than 1e-15.
 */
export function continuedFraction(
  b0: number,
  term: (m: number) => readonly [a: number, b: number],
): number {
  let value = b0 || TINY;
  let c = value;
  let d = 0;
  let change: number;
  let m = 1;
  do {
    const [a, b] = term(m++);
    d = 1 / (b + a * d || TINY);
    c = b + a / c || TINY;
    change = c * d;
    value *= change;
  } while (Math.abs(change - 1) > 1e-15);
  return value;
}
