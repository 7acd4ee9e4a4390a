/** A piece of a file, named by its content: the SHA-256 in hex and the length in bytes. */
export type ChunkRef = { sha256: string; length: number };

/** The chunks of a file in order; their lengths add up to its size. */
export type Recipe = ChunkRef[];
