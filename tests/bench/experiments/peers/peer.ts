/**
 * Gives each id its variant, -1 where it takes no part. Over all ids at once, so that a client
 * that answers with promises is awaited and no other pays for that.
 */
export type Assign = (ids: readonly string[]) => Int32Array | Promise<Int32Array>;

/** Another system's own client, from its package, with its flags in memory. */
export type Peer = {
  name: string;
  /** The part of its package that is asked. */
  note: string;
  /** Variants by shares of all ids. */
  split: (shares: readonly number[]) => Promise<Assign>;
  /** The same for ids of some countries and of half of a layer only; null where it has no such thing. */
  targeted: ((shares: readonly number[]) => Promise<Assign>) | null;
};

/** What every targeted split admits, and the attribute of every id. */
export const COUNTRIES = ["FR", "DE", "IT", "ES"];
export const COUNTRY = "DE";
export const LAYER_SHARE = 0.5;

export const each =
  (one: (id: string) => number): Assign =>
  (ids) => {
    const variants = new Int32Array(ids.length);
    for (const [index, id] of ids.entries()) variants[index] = one(id);
    return variants;
  };

export const SILENT = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};
