/** A cell, or a line of JSON, in bytes: it lies in memory with its text and what is made of it. */
export const LARGEST_CELL = 16 * 1024 * 1024;
/** How far the types of a text's columns are guessed from. */
export const SAMPLE_BYTES = 1024 * 1024;
export const SAMPLE_ROWS = 1000;
/** How much is read at a time. */
export const BLOCK_BYTES = 512 * 1024;
/** A batch is given out when it has so many rows, or was read from so many bytes. */
export const BATCH_ROWS = 4096;
export const BATCH_BYTES = 2 * 1024 * 1024;
