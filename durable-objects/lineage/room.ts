/**
 * Characters that an answer may take beyond its nodes: over RPC it has 32 MiB at most, and a
 * character two bytes. Once something has not found room, nothing does.
 */
export class Room {
  #left: number;

  constructor(characters = 4_000_000) {
    this.#left = characters;
  }

  takes(length: number): boolean {
    this.#left = length <= this.#left ? this.#left - length : 0;
    return this.#left > 0;
  }

  get isFull(): boolean {
    return this.#left === 0;
  }
}
