/** Weighted observations: `columns` numbers of each in `design`, row after row, and what is to be told from them. */
export type Observations = {
  readonly design: Float64Array;
  readonly scores: Float64Array;
  readonly weights: Float64Array;
};

/** All that a least-squares fit with an intercept has to know of its observations. */
export type NormalEquations = {
  readonly columns: number;
  readonly total_weight: number;
  /** The weighted mean of each column; that of the scores comes last. */
  readonly means: Float64Array;
  /** Weighted sums of products about the means, (columns + 1) squared; the scores are the last column. */
  readonly products: Float64Array;
};

export function normalEquations({ design, scores, weights }: Observations): NormalEquations {
  const rows = scores.length;
  const columns = rows === 0 ? 0 : design.length / rows;
  const size = columns + 1;
  const means = new Float64Array(size);
  let total = 0;
  for (let row = 0; row < rows; row += 1) {
    const weight = weights[row] ?? 0;
    total += weight;
    for (let column = 0; column < columns; column += 1)
      means[column] = (means[column] ?? 0) + weight * (design[row * columns + column] ?? 0);
    means[columns] = (means[columns] ?? 0) + weight * (scores[row] ?? 0);
  }
  for (let column = 0; column < size; column += 1) means[column] = (means[column] ?? 0) / total;

  const products = new Float64Array(size * size);
  const centred = new Float64Array(size);
  for (let row = 0; row < rows; row += 1) {
    const weight = weights[row] ?? 0;
    if (weight === 0) continue;
    for (let column = 0; column < columns; column += 1)
      centred[column] = (design[row * columns + column] ?? 0) - (means[column] ?? 0);
    centred[columns] = (scores[row] ?? 0) - (means[columns] ?? 0);
    for (let one = 0; one < size; one += 1) {
      const factor = weight * (centred[one] ?? 0);
      const from = one * size;
      for (let other = 0; other <= one; other += 1)
        products[from + other] = (products[from + other] ?? 0) + factor * (centred[other] ?? 0);
    }
  }
  mirror(products, size);
  return { columns, total_weight: total, means, products };
}

function mirror(matrix: Float64Array, size: number): void {
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < row; column += 1)
      matrix[column * size + row] = matrix[row * size + column] ?? 0;
}

/** What a column has left of its sum of squares when the others have told all but rounding of it. */
const COLLINEAR = 1e-10;

export const isCollinear = (pivot: number, squares: number): boolean =>
  !(pivot > COLLINEAR * squares);

/**
 * Takes a column of a symmetric matrix into the regression on it, or with `direction` -1 out again
 * (Beaton 1964, Goodnight 1979). With the columns A taken in, the block AA is -inverse, AB holds
 * the coefficients of B on A, and BB is what A leaves of B. The pivot is not 0.
 */
export function sweep(
  matrix: Float64Array,
  size: number,
  pivot: number,
  direction: 1 | -1 = 1,
): void {
  const head = matrix[pivot * size + pivot] ?? 0;
  for (let row = 0; row < size; row += 1) {
    if (row === pivot) continue;
    const factor = (matrix[row * size + pivot] ?? 0) / head;
    if (factor === 0) continue;
    for (let column = 0; column < size; column += 1)
      if (column !== pivot)
        matrix[row * size + column] =
          (matrix[row * size + column] ?? 0) - factor * (matrix[pivot * size + column] ?? 0);
  }
  for (let other = 0; other < size; other += 1) {
    const share = (direction * (matrix[pivot * size + other] ?? 0)) / head;
    matrix[pivot * size + other] = share;
    matrix[other * size + pivot] = share;
  }
  matrix[pivot * size + pivot] = -1 / head;
}

/** The coefficients of `used` columns under the penalty `alpha`, and the inverse that they come from. */
export type RidgeFit = {
  readonly used: readonly number[];
  readonly coefficients: Float64Array;
  /** (X'WX + alpha I)^-1 of the used columns about their means. */
  readonly inverse: Float64Array;
};

/** Ridge regression with an intercept that is not penalised. A column that those before it tell entirely gets 0. */
export function ridge(
  { columns, products }: NormalEquations,
  used: readonly number[],
  alpha: number,
): RidgeFit {
  const count = used.length;
  const size = count + 1;
  const of = [...used, columns];
  const matrix = new Float64Array(size * size);
  for (const [row, from] of of.entries())
    for (const [column, to] of of.entries())
      matrix[row * size + column] =
        (products[from * (columns + 1) + to] ?? 0) + (row === column && row < count ? alpha : 0);
  const squares = Float64Array.from(used, (_, at) => matrix[at * size + at] ?? 0);
  const taken = used.map((_, at) => {
    if (isCollinear(matrix[at * size + at] ?? 0, squares[at] ?? 0)) return false;
    sweep(matrix, size, at);
    return true;
  });
  const coefficients = Float64Array.from(used, (_, at) =>
    taken[at] === true ? (matrix[at * size + count] ?? 0) : 0,
  );
  const inverse = new Float64Array(count * count);
  for (let row = 0; row < count; row += 1)
    for (let column = 0; column < count; column += 1)
      if (taken[row] === true && taken[column] === true)
        inverse[row * count + column] = -(matrix[row * size + column] ?? 0);
  return { used, coefficients, inverse };
}
