import { describe, expect, it } from "vitest";
import { gaussLegendre } from "../../../domain/statistics/gauss-legendre.ts";

const rule = gaussLegendre(6);
const integral = (of: (x: number) => number): number =>
  rule.nodes.reduce((sum, x, node) => sum + (rule.weights[node] ?? 0) * of(x), 0);

describe("Gauss-Legendre quadrature", () => {
  it("has the nodes and weights of the two-point rule", () => {
    const { nodes, weights } = gaussLegendre(2);
    expect(nodes[0]).toBeCloseTo(-1 / Math.sqrt(3), 15);
    expect(nodes[1]).toBeCloseTo(1 / Math.sqrt(3), 15);
    expect(weights[0]).toBeCloseTo(1, 15);
    expect(weights[1]).toBeCloseTo(1, 15);
  });

  it("is exact for polynomials up to twice the number of nodes less 1, and not beyond", () => {
    for (let degree = 0; degree < 12; degree++) {
      const exact = degree % 2 === 0 ? 2 / (degree + 1) : 0;
      expect(Math.abs(integral((x) => x ** degree) - exact), `x^${degree}`).toBeLessThan(5e-15);
    }
    expect(Math.abs(integral((x) => x ** 12) - 2 / 13)).toBeGreaterThan(1e-5);
  });

  it("integrates up to each node", () => {
    for (let degree = 0; degree < 6; degree++)
      rule.nodes.forEach((end, row) => {
        const actual = rule.nodes.reduce(
          (sum, x, node) => sum + (rule.upTo[row]?.[node] ?? 0) * x ** degree,
          0,
        );
        const exact = (end ** (degree + 1) - (-1) ** (degree + 1)) / (degree + 1);
        expect(Math.abs(actual - exact), `x^${degree} up to ${end}`).toBeLessThan(5e-15);
      });
  });
});
