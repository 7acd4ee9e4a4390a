/** In characters, of up to three bytes each: a bound text has 2 MB at most. */
const LONGEST_LIST = 500_000;

/** These in JSON, in their order, in lists of which each can be bound to a statement. */
export function* boundLists(items: readonly unknown[]): Generator<string> {
  if (items.length === 0) return;
  const list = JSON.stringify(items);
  if (list.length <= LONGEST_LIST || items.length === 1) yield list;
  else {
    const half = items.length >> 1;
    yield* boundLists(items.slice(0, half));
    yield* boundLists(items.slice(half));
  }
}
