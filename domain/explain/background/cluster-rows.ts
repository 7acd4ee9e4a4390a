import type { Random } from "../../statistics/random.ts";
import type { RowLayout, Rows } from "../rows.ts";

/** Whose sum of distances is taken: numbers by standard deviations, texts by whether they differ. */
type Points = { size: number; count: number; values: Float64Array; isText: boolean[] };

export type Clusters = {
  /** Row after row: the mean of each number, the most frequent of each text. */
  centres: Float64Array;
  clusterOf: Int32Array;
};

const MOST_ROUNDS = 100;

/**
 * At most `count` clusters, none of them empty: k-means (Lloyd 1982) with the mode for texts
 * (k-prototypes, Huang 1998), begun by k-means++ (Arthur & Vassilvitskii 2007), until no row moves
 * or for 100 rounds.
 */
export function clusterRows(
  rows: Rows,
  layout: RowLayout,
  count: number,
  random: Random,
): Clusters {
  const scales = scalesOf(rows, layout);
  const points = pointsOf(rows, layout, scales);
  let centres = seeds(points, count, random);
  let clusterOf = nearestCentres(points, centres);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    [centres, clusterOf] = centresOf(points, clusterOf);
    const next = nearestCentres(points, centres);
    if (next.every((cluster, row) => cluster === clusterOf[row])) break;
    clusterOf = next;
  }
  [centres, clusterOf] = centresOf(points, clusterOf);
  return {
    centres: centres.map((value, at) => value * (scales[at % layout.size] ?? 1)),
    clusterOf,
  };
}

function scalesOf(rows: Rows, { ports, size }: RowLayout): Float64Array {
  const scales = new Float64Array(size).fill(1);
  for (const { offset, count } of ports.filter(({ categories }) => categories === null))
    for (let column = offset; column < offset + count; column += 1)
      scales[column] = deviationOf(rows, size, column) || 1;
  return scales;
}

function deviationOf(rows: Rows, size: number, column: number): number {
  const count = rows.length / size;
  let [sum, squares] = [0, 0];
  for (let at = column; at < rows.length; at += size) sum += rows[at] ?? 0;
  for (let at = column; at < rows.length; at += size)
    squares += ((rows[at] ?? 0) - sum / count) ** 2;
  return Math.sqrt(squares / count);
}

const pointsOf = (rows: Rows, { ports, size }: RowLayout, scales: Float64Array): Points => ({
  size,
  count: rows.length / size,
  values: Float64Array.from(rows, (value, at) => value / (scales[at % size] ?? 1)),
  isText: ports.flatMap(({ categories, count }) => Array<boolean>(count).fill(categories !== null)),
});

/**
 * Each further centre is a row drawn by its squared distance to the nearest so far; of a few drawn,
 * the one that leaves the least (the authors' greedy form).
 */
function seeds(points: Points, count: number, random: Random): Float64Array {
  const { size, values } = points;
  const centres = new Float64Array(count * size);
  const place = (row: number, found: number): void =>
    centres.set(values.subarray(row * size, (row + 1) * size), found * size);
  const trials = 2 + Math.floor(Math.log(count));
  place(random.integer(points.count), 0);
  let nearest = withCentre(points, new Float64Array(points.count).fill(Infinity), centres, 0);
  for (let found = 1; found < count; found += 1) {
    const left = total(nearest);
    if (left === 0) return centres.subarray(0, found * size);
    let [best, next] = [-1, nearest];
    for (let trial = 0; trial < trials; trial += 1) {
      const row = drawnRow(nearest, left, random);
      place(row, found);
      const then = withCentre(points, nearest, centres, found);
      if (best < 0 || total(then) < total(next)) [best, next] = [row, then];
    }
    place(best, found);
    nearest = next;
  }
  return centres;
}

const total = (distances: Float64Array): number =>
  distances.reduce((sum, distance) => sum + distance, 0);

/** The distances to the nearest centre where there is one more. */
const withCentre = (
  points: Points,
  nearest: Float64Array,
  centres: Float64Array,
  cluster: number,
): Float64Array =>
  nearest.map((far, row) => Math.min(far, distance(points, row, centres, cluster)));

function drawnRow(distances: Float64Array, sum: number, random: Random): number {
  let left = random.uniform() * sum;
  const drawn = distances.findIndex((distance) => (left -= distance) < 0);
  // Rounding may leave a crumb behind the last.
  return drawn < 0 ? distances.findLastIndex((distance) => distance > 0) : drawn;
}

function nearestCentres(points: Points, centres: Float64Array): Int32Array {
  const clusters = centres.length / points.size;
  return Int32Array.from({ length: points.count }, (_, row) => {
    let [best, least] = [0, Infinity];
    for (let cluster = 0; cluster < clusters; cluster += 1) {
      const far = distance(points, row, centres, cluster);
      if (far < least) [best, least] = [cluster, far];
    }
    return best;
  });
}

function distance(
  { size, values, isText }: Points,
  row: number,
  centres: Float64Array,
  cluster: number,
): number {
  let sum = 0;
  for (let at = 0; at < size; at += 1) {
    const apart = (values[row * size + at] ?? 0) - (centres[cluster * size + at] ?? 0);
    sum += isText[at] ? Number(apart !== 0) : apart * apart;
  }
  return sum;
}

/** The centres of the clusters that have rows, and each row's, counted anew. */
function centresOf(points: Points, clusterOf: Int32Array): [Float64Array, Int32Array] {
  const { size, values, isText } = points;
  const used = [...new Set(clusterOf)].sort((a, b) => a - b);
  const places = new Map(used.map((cluster, place) => [cluster, place]));
  const placeOf = clusterOf.map((cluster) => places.get(cluster) ?? 0);
  const centres = new Float64Array(used.length * size);
  const counts = new Float64Array(used.length);
  for (const place of placeOf) counts[place] = (counts[place] ?? 0) + 1;
  for (let at = 0; at < values.length; at += 1) {
    const cell = (placeOf[Math.floor(at / size)] ?? 0) * size + (at % size);
    centres[cell] = (centres[cell] ?? 0) + (values[at] ?? 0);
  }
  for (let cell = 0; cell < centres.length; cell += 1) {
    const place = Math.floor(cell / size);
    centres[cell] = isText[cell % size]
      ? mostFrequent(points, placeOf, place, cell % size)
      : (centres[cell] ?? 0) / (counts[place] ?? 1);
  }
  return [centres, placeOf];
}

/** The first among equals. */
function mostFrequent(
  { size, values }: Points,
  placeOf: Int32Array,
  place: number,
  column: number,
): number {
  const counts = new Map<number, number>();
  for (const [row, at] of placeOf.entries()) {
    const value = values[row * size + column] ?? 0;
    if (at === place) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best), [0, 0])[0];
}
