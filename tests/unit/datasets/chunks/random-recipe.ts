import type { ChunkRef } from "../../../../domain/datasets/chunks/recipe.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";

/** A file of chunks with hashes that nobody chose. */
export function recipeOf(seed: string | number, chunks: number): ChunkRef[] {
  const random = seededRandom(seed);
  const word = (): string =>
    random
      .integer(2 ** 32)
      .toString(16)
      .padStart(8, "0");
  return Array.from({ length: chunks }, () => ({
    sha256: Array.from({ length: 8 }, word).join(""),
    length: 1 + random.integer(131_072),
  }));
}
