/** That an experiment began an epoch. `at` is when, in milliseconds. */
export type FlagChange = { experiment_id: string; epoch: number; at: number };

/** A change as the feed keeps it: `sequence` grows with each change of the owner. */
export type NumberedChange = FlagChange & { sequence: number };

export type FeedRefusal = { code: "streams_too_many"; most: number };

/** How many of an owner's latest changes can be replayed. */
export const CHANGES_KEPT = 1_000;

/**
 * A table may be leased for up to a minute, so whoever opens a stream this soon after a change
 * may have flags of before it.
 */
export const RECENT_MS = 90_000;

/** Open streams of one owner, worldwide. */
export const STREAMS_MOST = 1_000;

export const HEARTBEAT_MS = 30_000;

/** A stream ends by then, so that whoever opened it shows again that it may. */
export const STREAM_LIFE_MS = 6 * 3_600_000;
