import { normalQuantile } from "./normal.ts";

/** Independent draws, each of which moves the generator on. */
export type Random = {
  /** Strictly between 0 and 1, a multiple of 2^-53. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Gamma with scale 1, shape > 0. Shapes far below 1 may underflow to 0. */
  gamma(shape: number): number;
  /** Beta with a, b > 0. */
  beta(a: number, b: number): number;
  /** Whole, at least 0 and less than `below`, 1 <= below <= 2^53. */
  integer(below: number): number;
};

/**
 * A generator whose draws depend on nothing but the seed and how many were made before; a number counts as its decimal
 * digits. The bits come from sfc32 (Doty-Humphrey 2010), whose period is at least 2^32 and about 2^127 on average; not for secrets.
 */
export function seededRandom(seed: string | number): Random {
  const bits = bitsOf(String(seed));
  const uniform = (): number => ((bits() >>> 12) * 2 ** 32 + bits() + 0.5) / 2 ** 52;
  const normal = (): number => normalQuantile(uniform());
  const gamma = (shape: number): number => Math.exp(logGammaDraw(shape, uniform, normal));
  return {
    uniform,
    normal,
    gamma,
    beta: (a, b) => {
      const logOdds = logGammaDraw(a, uniform, normal) - logGammaDraw(b, uniform, normal);
      return 1 / (1 + Math.exp(-logOdds));
    },
    integer: (below) => Math.floor(uniform() * below),
  };
}

/** True with the given probability. */
export const bernoulli = (random: Random, probability: number): boolean =>
  random.uniform() < probability;

/** The exponential of a normal variable with the mean `mu` and the standard deviation `sigma`. */
export const lognormal = (random: Random, mu: number, sigma: number): number =>
  Math.exp(mu + sigma * random.normal());

/** Uniform whole numbers below 2^32. Taking in a code unit and a step are one-to-one, so that seeds of one length never share a state. */
function bitsOf(seed: string): () => number {
  let [a, b, c, counter] = [0, 0, 0, 1];
  const next = (): number => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  for (let at = 0; at < seed.length; at++) {
    a ^= seed.charCodeAt(at);
    next();
  }
  for (let round = 0; round < 16; round++) next();
  return next;
}

/** The logarithm of a gamma variable with scale 1 (Marsaglia & Tsang 2000), which for small shapes does not underflow. */
function logGammaDraw(shape: number, uniform: () => number, normal: () => number): number {
  if (shape < 1) return logGammaDraw(shape + 1, uniform, normal) + Math.log(uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const z = normal();
    const root = 1 + c * z;
    if (root <= 0) continue;
    const v = root ** 3;
    if (Math.log(uniform()) < (z * z) / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}
