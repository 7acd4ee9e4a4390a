/** A rule for integrals over [-1, 1] from values at `nodes`, in ascending order. */
export type Quadrature = {
  nodes: readonly number[];
  weights: readonly number[];
  /** Row i, of as many entries as there are nodes, weighs the values for the integral from -1 to node i. */
  upTo: readonly (readonly number[])[];
};

/**
 * Gauss-Legendre quadrature with `count` nodes: integrals over [-1, 1] are exact for polynomials of degree 2 * count - 1,
 * those up to a node for degree count - 1. Nodes by Newton's method (Press et al. 2007, 4.6.1); the integrals up to a
 * node are those of the interpolating polynomial in its Legendre expansion.
 */
export function gaussLegendre(count: number): Quadrature {
  const { nodes, weights } = gaussLegendreRule(count);
  const values = nodes.map((x) => legendre(x, count + 1));
  const at = (node: number, degree: number): number => values[node]?.[degree] ?? 0;

  const antiderivative = (node: number, degree: number): number =>
    degree === 0 ? (nodes[node] ?? 0) + 1 : at(node, degree + 1) - at(node, degree - 1);
  const upTo = nodes.map((_, end) =>
    weights.map((weight, node) => {
      let sum = 0;
      for (let degree = 0; degree < count; degree++)
        sum += at(node, degree) * antiderivative(end, degree);
      return (weight / 2) * sum;
    }),
  );
  return { nodes, weights, upTo };
}

/** The nodes and weights alone, for which many nodes are no burden: `upTo` is their square in size. */
export function gaussLegendreRule(count: number): Pick<Quadrature, "nodes" | "weights"> {
  const nodes = Array.from({ length: count }, (_, index) => nodeOf(index, count));
  const weights = nodes.map((x) => {
    const before = legendre(x, count)[count - 1] ?? 0;
    return 2 * (1 - x * x) * (count * before) ** -2;
  });
  return { nodes, weights };
}

function nodeOf(index: number, count: number): number {
  let x = -Math.cos((Math.PI * (index + 0.75)) / (count + 0.5));
  for (let round = 0; round < 8; round++) {
    const values = legendre(x, count);
    const [value = 0, before = 0] = [values[count], values[count - 1]];
    x -= (value * (x * x - 1)) / (count * (x * value - before));
  }
  return x;
}

/** P_0(x) ... P_most(x) by Bonnet's recurrence. */
function legendre(x: number, most: number): number[] {
  const values = [1, x];
  for (let n = 1; n < most; n++)
    values.push(((2 * n + 1) * x * (values[n] ?? 0) - n * (values[n - 1] ?? 0)) / (n + 1));
  return values;
}
