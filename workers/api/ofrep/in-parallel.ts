/** What `work` makes of each item, in their order, with at most `most` under way at a time. */
export async function inParallel<Item, Value>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<Value>,
): Promise<Value[]> {
  const values: Value[] = [];
  const queue = items.entries();
  const takeNext = async (): Promise<void> => {
    for (const [index, item] of queue) values[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, takeNext));
  return values;
}
