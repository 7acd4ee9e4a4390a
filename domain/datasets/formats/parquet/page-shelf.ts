import type { Cell } from "../../table.ts";
import type { Values } from "./encodings.ts";

/** Decoded: what its levels say, and its values with those of its dictionary. */
export type Page = {
  entries: number;
  /** Null where every entry is a value. */
  definition: Uint8Array | null;
  /** Null where every entry is a row. */
  repetition: Uint8Array | null;
  values: Values | null;
  /** Where the values lie in the dictionary, where there is one. */
  indices: Uint32Array | null;
  /** The cells of the dictionary that were made so far, for all pages of the chunk. */
  cells: Cell[];
  bytes: number;
};

/** Decoded pages that were in use last, up to a number of bytes, each under its leaf and place. */
export class PageShelf {
  readonly #pages = new Map<string, Page>();
  readonly #most: number;
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): Page | undefined {
    const page = this.#pages.get(key);
    if (page !== undefined) {
      this.#pages.delete(key);
      this.#pages.set(key, page);
    }
    return page;
  }

  put(key: string, page: Page): void {
    this.#pages.set(key, page);
    this.#bytes += page.bytes;
    for (const [oldest, { bytes }] of this.#pages) {
      if (this.#bytes <= this.#most || oldest === key) break;
      this.#pages.delete(oldest);
      this.#bytes -= bytes;
    }
  }
}
