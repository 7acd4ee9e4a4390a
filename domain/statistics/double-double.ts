/** An unevaluated sum of two doubles, |low| at most half a unit in the last place of high: some 32 decimal digits. */
export type DoubleDouble = readonly [high: number, low: number];

/** Relative error at most 2^-104 (AccurateDWPlusDW of Joldes, Muller & Popescu 2017). */
export function add(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  const [high, highError] = twoSum(x[0], y[0]);
  const [low, lowError] = twoSum(x[1], y[1]);
  const [sum, error] = fastTwoSum(high, highError + low);
  return fastTwoSum(sum, error + lowError);
}

/** Relative error at most 2^-103 (DWTimesDW1, ibid.), for factors and products below 1e299 in magnitude. */
export function multiply(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  const [high, error] = twoProduct(x[0], y[0]);
  return fastTwoSum(high, error + (x[0] * y[1] + x[1] * y[0]));
}

export const negate = ([high, low]: DoubleDouble): DoubleDouble => [-high, -low];

/** The rounded sum and its exact error (Knuth). */
function twoSum(a: number, b: number): DoubleDouble {
  const sum = a + b;
  const part = sum - a;
  return [sum, a - (sum - part) + (b - part)];
}

/** The same when |a| >= |b| (Dekker). */
function fastTwoSum(a: number, b: number): DoubleDouble {
  const sum = a + b;
  return [sum, b - (sum - a)];
}

/** The rounded product and its exact error (Dekker 1971; JavaScript has no fused multiply-add). */
function twoProduct(a: number, b: number): DoubleDouble {
  const product = a * b;
  const [aHigh, aLow] = split(a);
  const [bHigh, bLow] = split(b);
  return [product, aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow];
}

/** Two halves of at most 26 significant bits each (Veltkamp). */
function split(a: number): DoubleDouble {
  const scaled = a * 134217729;
  const high = scaled - (scaled - a);
  return [high, a - high];
}
