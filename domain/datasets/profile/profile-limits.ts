/** What the profile of one column may hold. */
export type ProfileLimits = {
  /** Different values that are counted exactly. */
  distinct: number;
  /** Characters of a value that stands for itself among the most frequent. */
  shown: number;
  /** Cells of the grid; a power of two. */
  cells: number;
  /** Bins of a magnitude sketch; a power of two. */
  window: number;
};

/** By how many columns a table has at most, so that all of them together stay at about 32 MB, whatever is in them. */
const LIMITS: readonly (ProfileLimits & { columns: number })[] = [
  { columns: 16, distinct: 4096, shown: 100, cells: 1024, window: 2048 },
  { columns: 64, distinct: 2048, shown: 60, cells: 1024, window: 2048 },
  { columns: 400, distinct: 512, shown: 40, cells: 1024, window: 1024 },
];
const NARROWEST: ProfileLimits = { distinct: 128, shown: 32, cells: 256, window: 256 };

export const limitsFor = (columns: number): ProfileLimits =>
  LIMITS.find((limits) => columns <= limits.columns) ?? NARROWEST;
