import type { ExperimentStanding } from "../../../../database/experiments.ts";

/** D1 as far as actors and leases use it: who owns an experiment, and where it stands. */
export type Directory = {
  owner_id: string;
  standings: Map<string, ExperimentStanding | null>;
  /** One query, which may be slow, fail before it ran, or lose its answer. */
  query<T>(work: () => T): Promise<T>;
};

export const openDirectory = (database: unknown): Directory => database as Directory;
