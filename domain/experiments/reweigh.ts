import { bySize, cut, ledgerOf, type Piece, piecesOf, type Side } from "./ledger-pieces.ts";
import { type Ledger, layOut, movedUnits, weightsOf } from "./ledger.ts";

/** Units that each arm still has to give away, and still has to get. */
type Demand = { surplus: number[]; deficit: number[] };

/**
 * The ledger that gives each arm its new weight, in units, and how many units change their owner:
 * always the sum of max(0, old - new), which is the fewest that any ledger of these weights can move.
 *
 * 1. An earlier ledger of exactly these weights that is just as near is taken back as it was, so
 *    undoing the last changes one by one returns the same units.
 * 2. Otherwise the earlier ledgers are gone through, the newest first, and units go back to a
 *    growing arm that held them there: what came last leaves first.
 * 3. The rest goes where it adds the fewest intervals.
 *
 * `earlier` are the ledgers that were in force before `current`, the newest first. The more there
 * are, the more intervals there will be: some twenty is a good bound. An arm beyond the end of
 * `weights` has weight 0; a new arm has the next index.
 *
 * @throws RangeError unless the weights are whole units that sum to WHOLE.
 */
export function reweigh(
  current: Ledger,
  weights: readonly number[],
  earlier: readonly Ledger[],
): { ledger: Ledger; moved: number } {
  if (!weights.every((units) => Number.isSafeInteger(units) && units >= 0))
    throw new RangeError("a weight is not a whole number of units");
  layOut(weights);
  const held = weightsOf(current, weights.length);
  const wanted = held.map((_, arm) => weights[arm] ?? 0);
  const demand: Demand = {
    surplus: held.map((units, arm) => Math.max(0, units - (wanted[arm] ?? 0))),
    deficit: held.map((units, arm) => Math.max(0, (wanted[arm] ?? 0) - units)),
  };
  const moved = demand.surplus.reduce((sum, units) => sum + units, 0);
  if (moved === 0) return { ledger: copyOf(current), moved };
  const known = knownLedger(current, wanted, moved, earlier);
  if (known) return { ledger: copyOf(known), moved };

  let ledger = current;
  for (const before of earlier) {
    if (isMet(demand)) break;
    ledger = handOver(ledger, demand, before);
  }
  return { ledger: isMet(demand) ? ledger : handOver(ledger, demand), moved };
}

const copyOf = ({ ends, owners }: Ledger): Ledger => ({ ends: [...ends], owners: [...owners] });

/**
 * Rule 1. Where several would do: the newest if it is the one right before, else the one right
 * before a time when the units lay as they do now, else the newest.
 */
function knownLedger(
  current: Ledger,
  wanted: readonly number[],
  moved: number,
  earlier: readonly Ledger[],
): Ledger | undefined {
  const known = [...earlier.entries()].filter(
    ([, ledger]) => hasWeights(ledger, wanted) && movedUnits(current, ledger) === moved,
  );
  const returned = known.find(([index]) => {
    const after = index === 0 ? current : earlier[index - 1];
    return after && movedUnits(after, current) === 0;
  });
  return (returned ?? known[0])?.[1];
}

const hasWeights = (ledger: Ledger, wanted: readonly number[]): boolean =>
  weightsOf(ledger, wanted.length).every((units, arm) => units === (wanted[arm] ?? 0));

const isMet = ({ deficit }: Demand): boolean => deficit.every((units) => units === 0);

/**
 * Gives units of shrinking arms to growing arms, so as to add the fewest intervals. Where `before`
 * is given, only units that the growing arm held there.
 */
function handOver(current: Ledger, demand: Demand, before?: Ledger): Ledger {
  const { surplus, deficit } = demand;
  const pieces = piecesOf(current, before);
  const gives = ({ owner }: Piece): boolean => (surplus[owner] ?? 0) > 0;
  const takerOf = (piece: Piece): number => (before ? piece.was : neediest(deficit));
  const canTake = (piece: Piece, taker: number): boolean =>
    (deficit[taker] ?? 0) > 0 && (!before || piece.was === taker);
  const giving = bySize(pieces.filter((piece) => gives(piece) && canTake(piece, takerOf(piece))));
  if (giving.length === 0) return current;

  const give = (piece: Piece, taker: number, side: Side): Piece | null => {
    if (!gives(piece) || !canTake(piece, taker)) return null;
    const units = Math.min(piece.size, surplus[piece.owner] ?? 0, deficit[taker] ?? 0);
    surplus[piece.owner] = (surplus[piece.owner] ?? 0) - units;
    deficit[taker] = (deficit[taker] ?? 0) - units;
    return cut(piece, units, taker, side);
  };
  const grow = (piece: Piece): void => {
    for (const [side, facing] of SIDES) {
      let neighbour = piece[side];
      while (neighbour) neighbour = give(neighbour, piece.owner, facing)?.[side] ?? null;
    }
  };
  const fits = (piece: Piece, taker: number): boolean =>
    piece.size <= Math.min(surplus[piece.owner] ?? 0, deficit[taker] ?? 0);

  // Whole intervals beside a growing arm: each takes at least one interval away.
  for (const piece of giving)
    for (const neighbour of [piece.previous, piece.next])
      if (neighbour && fits(piece, neighbour.owner)) give(piece, neighbour.owner, "next");
  // Borders between a shrinking and a growing arm: the number of intervals stays.
  for (const piece of pieces) if ((deficit[piece.owner] ?? 0) > 0) grow(piece);
  // Whole intervals elsewhere.
  for (const piece of giving) {
    const taker = takerOf(piece);
    const given = fits(piece, taker) ? give(piece, taker, "next") : null;
    if (given) grow(given);
  }
  // Parts of the largest intervals: each adds an interval.
  for (const piece of giving.toReversed()) {
    let given: Piece | null;
    do {
      given = give(piece, takerOf(piece), sideToCut(piece));
      if (given) grow(given);
    } while (given && given !== piece);
  }
  return ledgerOf(pieces);
}

const SIDES = [
  ["previous", "next"],
  ["next", "previous"],
] as const;

/** The side on which the piece is not in the middle of its owner's interval. */
const sideToCut = ({ owner, previous }: Piece): Side =>
  previous?.owner === owner ? "next" : "previous";

const neediest = (deficit: readonly number[]): number =>
  deficit.reduce((most, units, arm) => (units > (deficit[most] ?? 0) ? arm : most), 0);
