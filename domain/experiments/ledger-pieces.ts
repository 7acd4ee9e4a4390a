import { append, type Ledger } from "./ledger.ts";
import { WHOLE } from "./weight.ts";

/**
 * A ledger as a chain, in the order of positions, so that an interval can be cut in constant time.
 * `was` is the owner in the ledger that it is compared with. Neighbours may have the same owner.
 */
export type Piece = {
  size: number;
  owner: number;
  was: number;
  previous: Piece | null;
  next: Piece | null;
};
export type Side = "previous" | "next";
const OPPOSITE = { previous: "next", next: "previous" } as const;

/** The pieces on which both ledgers have one owner each. */
export function piecesOf(ledger: Ledger, compared: Ledger = ledger): Piece[] {
  const pieces: Piece[] = [];
  let previous: Piece | null = null;
  let from = 0;
  let index = 0;
  let other = 0;
  while (from < WHOLE) {
    const end = ledger.ends[index] ?? WHOLE;
    const otherEnd = compared.ends[other] ?? WHOLE;
    const to = Math.min(end, otherEnd);
    const owner = ledger.owners[index] ?? 0;
    const was = compared.owners[other] ?? 0;
    const piece: Piece = { size: to - from, owner, was, previous, next: null };
    if (previous) previous.next = piece;
    pieces.push(piece);
    previous = piece;
    if (end === to) index += 1;
    if (otherEnd === to) other += 1;
    from = to;
  }
  return pieces;
}

/** The smallest first; equal ones in the order of their positions. */
export const bySize = (pieces: readonly Piece[]): Piece[] =>
  pieces.toSorted((left, right) => left.size - right.size);

/** Gives `units` at one side of a piece to another owner, and returns the piece that they are now. */
export function cut(piece: Piece, units: number, owner: number, side: Side): Piece {
  if (units === piece.size) {
    piece.owner = owner;
    return piece;
  }
  piece.size -= units;
  const back = OPPOSITE[side];
  const beyond = piece[side];
  const given: Piece = { size: units, owner, was: piece.was, previous: null, next: null };
  given[back] = piece;
  given[side] = beyond;
  piece[side] = given;
  if (beyond) beyond[back] = given;
  return given;
}

/** The ledger of a chain, with neighbouring pieces of one owner as one interval. */
export function ledgerOf(pieces: readonly Piece[]): Ledger {
  const ledger: Ledger = { ends: [], owners: [] };
  let piece = pieces[0] ?? null;
  while (piece?.previous) piece = piece.previous;
  let end = 0;
  for (; piece; piece = piece.next) {
    end += piece.size;
    append(ledger, end, piece.owner);
  }
  return ledger;
}
