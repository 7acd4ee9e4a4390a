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
    3.387132872796366608, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
    4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4,
    2.5090809287301226727e3,
  ],
  denominator: [
    1, 4.2313330701600911252e1, 6.871870074920579083e2, 5.3941960214247511077e3,
    2.1213794301586595867e4, 3.930789580009271061e4, 2.8729085735721942674e4,
    5.226495278852854561e3,
  ],
};

const TAIL: RationalFunction = {
  numerator: [
    1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
    1.27045825245236838258, 2.4178072517745061177e-1, 2.27238449892691845833e-2,
    7.7454501427834140764e-4,
  ],
  denominator: [
    1, 2.05319162663775882187, 1.6763848301838038494, 6.8976733498510000455e-1,
    1.4810397642748007459e-1, 1.51986665636164571966e-2, 5.475938084995344946e-4,
    1.05075007164441684324e-9,
  ],
};

const FAR_TAIL: RationalFunction = {
  numerator: [
    6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 2.9656057182850489123e-1,
    2.6532189526576123093e-2, 1.2426609473880784386e-3, 2.71155556874348757815e-5,
    2.01033439929228813265e-7,
  ],
  denominator: [
    1, 5.9983220655588793769e-1, 1.3692988092273580531e-1, 1.48753612908506148525e-2,
    7.868691311456132591e-4, 1.8463183175100546818e-5, 1.4215117583164458887e-7,
    2.04426310338993978564e-15,
  ],
};
