import { numbers, type Numbers } from "../../../../domain/onnx/interpret/array.ts";
import { seededRandom, type Random } from "../../../../domain/statistics/random.ts";
import { countOf } from "../../../../domain/tensors/tensor.ts";

/** The seed of a run of random tests: `SEED` where it is set, and printed, so that a failure can be repeated. */
export const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** A generator of its own for each test, which a failure names with its seed. */
export const randomOf = (name: string): Random => seededRandom(`${SEED} ${name}`);

/** Standard normal numbers, as float64. */
export const normals = (random: Random, dims: readonly number[]): Numbers =>
  numbers(
    "float64",
    dims,
    Array.from({ length: countOf(dims) }, () => random.normal()),
  );

/** Numbers that are at least `gap` away from each other and from zero: no kink of a maximum or of |x| is near. */
export function apart(random: Random, dims: readonly number[], gap = 0.05): Numbers {
  const count = countOf(dims);
  const order = Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index -= 1) {
    const other = random.integer(index + 1);
    [order[index], order[other]] = [order[other] ?? 0, order[index] ?? 0];
  }
  return numbers(
    "float64",
    dims,
    order.map(
      (rank) => (rank - Math.floor(count / 2) + 3 / 8 + random.uniform() / 4) * gap * (8 / 3),
    ),
  );
}
