/** Does the work for each item when that for the one before is done. */
export const oneByOne = <T>(
  items: Iterable<T>,
  work: (item: T, index: number) => Promise<unknown>,
): Promise<void> =>
  [...items].reduce(async (before, item, index) => {
    await before;
    await work(item, index);
  }, Promise.resolve());
