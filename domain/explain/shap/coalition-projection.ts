import { inverseOf } from "./least-squares.ts";

/**
 * For each coalition what one unit of its centred target adds to each player's value: weight *
 * inverse(A) * (mask - size / players), where A sums weight * c * transpose(c) over the centred
 * masks c. Those lie in the plane of values that add up to 0, on which alone A is regular; it is
 * filled up to a regular matrix by the rest, of which nothing is asked. The sums run over members
 * only, who are few in small coalitions.
 */
export function projectionOf(
  players: number,
  sizes: Int32Array,
  weights: Float64Array,
  masks: Uint8Array,
): Float64Array {
  if (sizes.length === 0) return new Float64Array(0);
  const members = membersOf(players, sizes, masks);
  const inverse = inverseOf(centredProducts(players, sizes, weights, members), players);
  if (inverse === null) throw new Error("the coalitions do not determine the players' values");
  const projection = new Float64Array(sizes.length * players);
  let at = 0;
  for (const [pair, size] of sizes.entries()) {
    const row = projection.subarray(pair * players, (pair + 1) * players);
    for (const end = at + size; at < end; at += 1) {
      const member = members[at] ?? 0;
      for (let player = 0; player < players; player += 1)
        row[player] = (row[player] ?? 0) + (inverse[member * players + player] ?? 0);
    }
    // The vector of ones is an eigenvector, so that its part is the mean.
    const mean = row.reduce((sum, value) => sum + value, 0) / players;
    const weight = weights[pair] ?? 0;
    for (let player = 0; player < players; player += 1)
      row[player] = weight * ((row[player] ?? 0) - mean);
  }
  return projection;
}

/** The members of each coalition, one coalition after the other. */
function membersOf(players: number, sizes: Int32Array, masks: Uint8Array): Int32Array {
  const members = new Int32Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (let place = 0; place < sizes.length * players; place += 1)
    if (masks[place] === 1) {
      members[at] = place % players;
      at += 1;
    }
  return members;
}

/** A, and its mean diagonal element on the part that A leaves empty. */
function centredProducts(
  players: number,
  sizes: Int32Array,
  weights: Float64Array,
  members: Int32Array,
): Float64Array {
  const matrix = new Float64Array(players * players);
  const shift = new Float64Array(players);
  let constant = 0;
  let trace = 0;
  let from = 0;
  for (const [pair, size] of sizes.entries()) {
    const weight = weights[pair] ?? 0;
    const to = from + size;
    for (let row = from; row < to; row += 1) {
      const offset = (members[row] ?? 0) * players;
      shift[members[row] ?? 0] = (shift[members[row] ?? 0] ?? 0) + (weight * size) / players;
      for (let column = from; column < to; column += 1) {
        const cell = offset + (members[column] ?? 0);
        matrix[cell] = (matrix[cell] ?? 0) + weight;
      }
    }
    constant += weight * (size / players) ** 2;
    trace += weight * size * (1 - size / players);
    from = to;
  }
  const rest = trace / players / players;
  for (let row = 0; row < players; row += 1)
    for (let column = 0; column < players; column += 1) {
      const cell = row * players + column;
      matrix[cell] =
        (matrix[cell] ?? 0) - (shift[row] ?? 0) - (shift[column] ?? 0) + constant + rest;
    }
  return matrix;
}
