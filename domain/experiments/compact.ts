import { bySize, cut, ledgerOf, type Piece, piecesOf, type Side } from "./ledger-pieces.ts";
import { type Ledger, movedUnits } from "./ledger.ts";

/**
 * A ledger of the same weights with at most `most` intervals, and how many units change their owner.
 *
 * The smallest interval of an owner that has several is given to a neighbour, which gives as many
 * units back by moved borders: straight where the two share another border, else through as few
 * other owners as possible. This repeats, so the time grows as the square of the intervals.
 *
 * @throws RangeError if `most` is less than the number of owners, each of which needs an interval.
 */
export function compact(ledger: Ledger, most: number): { ledger: Ledger; moved: number } {
  if (!(new Set(ledger.owners).size <= most))
    throw new RangeError(`${most} intervals are fewer than the owners`);
  let compacted = ledgerOf(piecesOf(ledger));
  while (compacted.ends.length > most) compacted = withoutSmallest(compacted);
  return { ledger: compacted, moved: movedUnits(ledger, compacted) };
}

function withoutSmallest(ledger: Ledger): Ledger {
  const intervals = new Map<number, number>();
  for (const owner of ledger.owners) intervals.set(owner, (intervals.get(owner) ?? 0) + 1);
  const pieces = piecesOf(ledger);
  const smallest = bySize(pieces).find(({ owner }) => (intervals.get(owner) ?? 0) > 1);
  const neighbours = [smallest?.previous, smallest?.next].filter((piece) => !!piece);
  if (!smallest || neighbours.length === 0) return ledger;
  const { owner, size } = smallest;
  const [first, ...others] = neighbours.map((neighbour) => {
    smallest.owner = neighbour.owner;
    return settle(ledgerOf(pieces), neighbour.owner, owner, size);
  });
  return [...others].reduce(
    (best, other) => (movedUnits(ledger, other) < movedUnits(ledger, best) ? other : best),
    first ?? ledger,
  );
}

/** Moves borders until `debtor` has `units` less and `creditor` has as many more. */
function settle(ledger: Ledger, debtor: number, creditor: number, units: number): Ledger {
  let settled = ledger;
  let debt = units;
  while (debt > 0) {
    const pieces = piecesOf(settled);
    const route = routeBetween(pieces, debtor, creditor);
    const paid = route.reduce((least, { piece }) => Math.min(least, piece.size), debt);
    for (const { piece, taker, side } of route) cut(piece, paid, taker, side);
    debt -= paid;
    settled = ledgerOf(pieces);
  }
  return settled;
}

/** The smallest piece of one owner that borders on a piece of `taker`, which lies on its `side`. */
type Border = { piece: Piece; taker: number; side: Side };

/** The fewest borders that lead from one owner to another. Every owner borders on some other, so there is a route. */
function routeBetween(pieces: readonly Piece[], from: number, to: number): Border[] {
  const borders = new Map<number, Map<number, Border>>();
  for (const piece of pieces)
    for (const side of ["previous", "next"] as const) {
      const taker = piece[side]?.owner;
      if (taker === undefined) continue;
      const ofOwner = borders.get(piece.owner) ?? new Map<number, Border>();
      borders.set(piece.owner, ofOwner);
      if (piece.size < (ofOwner.get(taker)?.piece.size ?? Infinity))
        ofOwner.set(taker, { piece, taker, side });
    }

  const routes = new Map<number, Border[]>([[from, []]]);
  for (const [owner, route] of routes) {
    if (owner === to) return route;
    for (const border of borders.get(owner)?.values() ?? [])
      if (!routes.has(border.taker)) routes.set(border.taker, [...route, border]);
  }
  throw new Error("an owner without units has a debt");
}
