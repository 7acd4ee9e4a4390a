import type { Groups } from "../game.ts";
import { newRows, type RowLayout, type Rows } from "../rows.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { ScoreGradient } from "./score-gradient.ts";

/** Numbers of the rows that are made at once. */
const NUMBERS_AT_ONCE = 2 ** 19;

/** Who is asked for one row: where its numbers begin in the rows or gradients at hand. */
type AtRow = (row: number, numbers: Rows, at: number) => void;

/** How many of `count` rows are made at once. */
export const rowsTogether = ({ size }: RowLayout, count: number): number =>
  Math.max(1, Math.min(count, Math.floor(NUMBERS_AT_ONCE / size)));

/** The gradients of `count` rows, each written by `make` and read by `take`, in bounded memory. */
export async function eachGradient(
  gradient: ScoreGradient,
  layout: RowLayout,
  count: number,
  { make, take }: { make: AtRow; take: AtRow },
): Promise<void> {
  const { size } = layout;
  const together = rowsTogether(layout, count);
  const room = newRows(layout, together);
  for (let from = 0; from < count; from += together) {
    const to = Math.min(from + together, count);
    for (let row = from; row < to; row += 1) make(row, room, (row - from) * size);
    const { gradients } = await gradient.run(room, to - from);
    for (let row = from; row < to; row += 1) take(row, gradients, (row - from) * size);
  }
}

/** The player that each number of a row belongs to, -1 for none; without groups each is its own. */
export function ownersOf(
  { size }: RowLayout,
  groups: Groups | undefined,
): { players: number; owners: Int32Array } {
  if (groups === undefined)
    return { players: size, owners: Int32Array.from({ length: size }, (_, element) => element) };
  const owners = new Int32Array(size).fill(-1);
  for (const [player, members] of groups.entries())
    for (const member of members) {
      if (owners[member] !== -1)
        throw new ExplainFault(
          "feature_unknown",
          `group ${player} has the element ${member}, which ${member >= 0 && member < size ? "another group has" : `no row has: there are ${size}`}`,
          "groups",
        );
      owners[member] = player;
    }
  return { players: groups.length, owners };
}

/** Throws `ExplainFault` (value_invalid) for a number that is not finite, by the name of its input. */
export function refuseOddNumbers({ ports, size }: RowLayout, rows: Rows, count: number): void {
  for (const { name, offset, count: width } of ports)
    for (let row = 0; row < count; row += 1)
      for (let element = 0; element < width; element += 1) {
        const value = rows[row * size + offset + element];
        if (value === undefined || !Number.isFinite(value))
          throw new ExplainFault(
            "value_invalid",
            `element ${element} of input '${name}' is ${value ?? "missing"}; a gradient needs a finite number`,
            name,
          );
      }
}
