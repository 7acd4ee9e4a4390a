import { continuedFraction } from "./continued-fraction.ts";

/** P(Z > z) of a standard normal Z, to full relative accuracy in the upper tail down to the smallest double. */
export function normalSf(z: number): number {
  if (z < 0) return 1 - normalSf(-z);
  if (z > 39) return 0;
  const root = rootOfDensity(z);
  return z < 1.5 ? 0.5 - root * centralSeries(z) * root : root * millsRatio(z) * root;
}

/** P(Z <= z) of a standard normal Z, to full relative accuracy in the lower tail. */
export const normalCdf = (z: number): number => normalSf(-z);

/**
 * The square root of the standard normal density; two roots, multiplied last, lose nothing where the density is
 * subnormal. z is split at a multiple of 1/16 because its square, rounded, would be wrong by 1e-13 (Cody 1969).
 */
function rootOfDensity(z: number): number {
  const coarse = Math.trunc(z * 16) / 16;
  const square = Math.exp((-coarse * coarse) / 4) * Math.exp((-(z - coarse) * (z + coarse)) / 4);
  return square / Math.sqrt(Math.sqrt(2 * Math.PI));
}

/** (cdf(z) - 1/2) / density(z) = z + z^3/3 + z^5/(3*5) + ... (Marsaglia 2004). */
function centralSeries(z: number): number {
  let term = z;
  let sum = z;
  for (let odd = 3; term > sum * 1e-17; odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return sum;
}

/** sf(z) / density(z) = 1 / (z + 1 / (z + 2 / (z + 3 / ...))) (Laplace). */
const millsRatio = (z: number): number => 1 / continuedFraction(z, (m) => [m, z]);

/** The z with P(Z <= z) = p, for p strictly between 0 and 1. Algorithm AS 241, PPND16 (Wichura 1988): 1e-16 relative. */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * ratio(CENTRE, 0.180625 - q * q);
  const r = Math.sqrt(-Math.log(Math.min(p, 1 - p)));
  return Math.sign(q) * (r <= 5 ? ratio(TAIL, r - 1.6) : ratio(FAR_TAIL, r - 5));
}

type RationalFunction = { numerator: readonly number[]; denominator: readonly number[] };

const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);

const ratio = ({ numerator, denominator }: RationalFunction, x: number): number =>
  polynomial(numerator, x) / polynomial(denominator, x);

const CENTRE: RationalFunction = {
  numerator: [
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946,
    45921.95393154987, 67265.7709270087, 33430.57558358813, 2509.0809287301227,
  ],
  denominator: [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597,
    39307.89580009271, 28729.085735721943, 5226.495278852854,
  ],
};

const TAIL: RationalFunction = {
  numerator: [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045,
    1.2704582524523684, 0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  denominator: [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008,
    0.015198666563616457, 0.0005475938084995345, 1.0507500716444169e-9,
  ],
};

const FAR_TAIL: RationalFunction = {
  numerator: [
    6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487,
    0.026532189526576124, 0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
  ],
  denominator: [
    1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
    1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
  ],
};
