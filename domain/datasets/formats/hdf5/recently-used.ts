/** What was used last, up to a weight in all; the value added last always stays. */
export type RecentlyUsed<Key, Value> = {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value, weight: number): void;
};

export function recentlyUsed<Key, Value>(capacity: number): RecentlyUsed<Key, Value> {
  // A Map keeps the order of insertion: the first entry is the one that was used longest ago.
  const entries = new Map<Key, { value: Value; weight: number }>();
  let total = 0;
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, weight) {
      total += weight - (entries.get(key)?.weight ?? 0);
      entries.delete(key);
      entries.set(key, { value, weight });
      for (const [oldest, entry] of entries) {
        if (total <= capacity || entries.size === 1) return;
        entries.delete(oldest);
        total -= entry.weight;
      }
    },
  };
}
