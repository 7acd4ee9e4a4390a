/** How a version was made of another one of its model. It stays when that one is deleted. */
export type Derivation = {
  /** The number of the version that it was made of. */
  version: number;
  /** Of the optimisation, and what was asked of it. */
  kind: string;
  options: object;
  /** What the optimisation did; lists in it are cut (see `briefReport`). */
  report: object;
  /** Milliseconds since 1970. */
  at: number;
  /** The key that asked for it. */
  by: string;
};

/** A record of a version is read with every list of versions. */
const LONGEST_LIST = 20;

/**
 * The options as they are kept: those of a description are the version's details, and its
 * vocabularies lie in the file.
 */
export const keptOptions = (kind: string, options: object | undefined): object =>
  kind === "describe" ? {} : { ...options };

/** A report with its long lists cut to their beginnings. */
export const briefReport = (report: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(report).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.slice(0, LONGEST_LIST) : value,
    ]),
  );
