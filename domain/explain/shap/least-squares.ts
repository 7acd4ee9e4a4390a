/**
 * The inverse of a symmetric positive definite matrix, `size` x `size`, by its Cholesky factor;
 * null where it is not positive definite to working precision.
 */
export function inverseOf(matrix: Float64Array, size: number): Float64Array | null {
  const factor = choleskyFactor(matrix, size);
  if (factor === null) return null;
  const inverse = new Float64Array(size * size);
  const column = new Float64Array(size);
  for (let at = 0; at < size; at += 1) {
    column.fill(0);
    column[at] = 1;
    solveInPlace(factor, column);
    inverse.set(column, at * size);
  }
  return inverse;
}

/** x where matrix * x = target, for a symmetric positive definite matrix; null where it is none. */
export function solveSymmetric(matrix: Float64Array, target: Float64Array): Float64Array | null {
  const factor = choleskyFactor(matrix, target.length);
  if (factor === null) return null;
  const solution = target.slice();
  solveInPlace(factor, solution);
  return solution;
}

/** A pivot this far below its diagonal element is what rounding leaves of zero. */
const ROUNDED_AWAY = 1e-11;

/** The lower triangle L with L * transpose(L) = matrix. */
function choleskyFactor(matrix: Float64Array, size: number): Float64Array | null {
  const factor = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column <= row; column += 1) {
      let sum = matrix[row * size + column] ?? 0;
      const whole = sum;
      for (let at = 0; at < column; at += 1)
        sum -= (factor[row * size + at] ?? 0) * (factor[column * size + at] ?? 0);
      if (row > column) factor[row * size + column] = sum / (factor[column * size + column] ?? 1);
      else if (sum > ROUNDED_AWAY * whole) factor[row * size + row] = Math.sqrt(sum);
      else return null;
    }
  return factor;
}

function solveInPlace(factor: Float64Array, values: Float64Array): void {
  const size = values.length;
  for (let row = 0; row < size; row += 1) {
    let sum = values[row] ?? 0;
    for (let at = 0; at < row; at += 1) sum -= (factor[row * size + at] ?? 0) * (values[at] ?? 0);
    values[row] = sum / (factor[row * size + row] ?? 1);
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = values[row] ?? 0;
    for (let at = row + 1; at < size; at += 1)
      sum -= (factor[at * size + row] ?? 0) * (values[at] ?? 0);
    values[row] = sum / (factor[row * size + row] ?? 1);
  }
}

/** products += weight * row * transpose(row), target += weight * wanted * row. */
export function addProducts(
  products: Float64Array,
  target: Float64Array,
  row: Float64Array,
  weight: number,
  wanted: number,
): void {
  const size = row.length;
  for (let at = 0; at < size; at += 1) {
    const part = weight * (row[at] ?? 0);
    if (part === 0) continue;
    target[at] = (target[at] ?? 0) + part * wanted;
    for (let other = 0; other < size; other += 1) {
      const cell = at * size + other;
      products[cell] = (products[cell] ?? 0) + part * (row[other] ?? 0);
    }
  }
}
