import { renumbered, type Labels } from "./segments.ts";

/**
 * Every segment in one piece (by shared edges) of at least `least` positions: a piece that is
 * smaller joins the neighbour with which it shares the longest border.
 */
export function connectSegments(ids: Int32Array, width: number, least: number): Labels {
  const { pieceOf, starts, order } = piecesOf(ids, width);
  const pieces = starts.length - 1;
  const parent = Int32Array.from({ length: pieces }, (_, piece) => piece);
  const sizes = Int32Array.from(
    { length: pieces },
    (_, piece) => (starts[piece + 1] ?? 0) - (starts[piece] ?? 0),
  );
  const rootOf = (piece: number): number => {
    let root = piece;
    while (parent[root] !== root) root = parent[root] ?? root;
    return root;
  };
  for (let joined = true; joined;) {
    joined = false;
    for (let piece = 0; piece < pieces; piece += 1) {
      const root = rootOf(piece);
      if ((sizes[root] ?? 0) >= least) continue;
      const members = order.subarray(starts[piece], starts[piece + 1]);
      const neighbour = nearestNeighbour(members, root, (at) => rootOf(pieceOf[at] ?? 0));
      if (neighbour === undefined) continue;
      parent[root] = neighbour;
      sizes[neighbour] = (sizes[neighbour] ?? 0) + (sizes[root] ?? 0);
      joined = true;
    }
  }
  return renumbered(pieceOf.map(rootOf));

  /** The other segment that these positions share the longest border with. */
  function nearestNeighbour(
    members: Int32Array,
    own: number,
    segmentOf: (position: number) => number,
  ): number | undefined {
    const borders = new Map<number, number>();
    for (const position of members)
      forNeighbours(position, width, ids.length, (next) => {
        const segment = segmentOf(next);
        if (segment !== own) borders.set(segment, (borders.get(segment) ?? 0) + 1);
      });
    let best: number | undefined;
    for (const [segment, border] of borders)
      if (best === undefined || border > (borders.get(best) ?? 0)) best = segment;
    return best;
  }
}

/** The connected pieces: which one each position is in, and their positions one piece after the other. */
function piecesOf(
  ids: Int32Array,
  width: number,
): { pieceOf: Int32Array; starts: number[]; order: Int32Array } {
  const pieceOf = new Int32Array(ids.length).fill(-1);
  const order = new Int32Array(ids.length);
  const starts = [0];
  let found = 0;
  for (let first = 0; first < ids.length; first += 1) {
    if (pieceOf[first] !== -1) continue;
    const piece = starts.length - 1;
    const take = (position: number): void => {
      pieceOf[position] = piece;
      order[found] = position;
      found += 1;
    };
    const takeAlike = (next: number): void => {
      if (pieceOf[next] === -1 && ids[next] === ids[first]) take(next);
    };
    let at = found;
    take(first);
    for (; at < found; at += 1) forNeighbours(order[at] ?? 0, width, ids.length, takeAlike);
    starts.push(found);
  }
  return { pieceOf, starts, order };
}

function forNeighbours(
  position: number,
  width: number,
  positions: number,
  visit: (next: number) => void,
): void {
  const column = position % width;
  if (position >= width) visit(position - width);
  if (column > 0) visit(position - 1);
  if (column < width - 1) visit(position + 1);
  if (position + width < positions) visit(position + width);
}
