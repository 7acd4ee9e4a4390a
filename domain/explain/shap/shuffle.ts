import type { Random } from "../../statistics/random.ts";

/** In place (Fisher & Yates); of the first `count` places only, where that is enough. */
export function shuffle(
  order: Int32Array,
  random: Random,
  count: number = order.length,
): Int32Array {
  for (let at = 0; at < count; at += 1) {
    const other = at + random.integer(order.length - at);
    const held = order[at] ?? 0;
    order[at] = order[other] ?? 0;
    order[other] = held;
  }
  return order;
}
