import { damagedPage } from "./packed-bits.ts";
import type { PagePlace, PageReader } from "./pages.ts";
import type { Page } from "./page-shelf.ts";

/** Most entries of one leaf that the rows of a batch may have. */
const MOST_ENTRIES = 2 ** 22;

/** Some entries of a page, and which of its values the first of them that is one has. */
export type Segment = { page: Page; from: number; to: number; value: number };

/** Some rows of one leaf, in order. */
export type LeafRows = { segments: Segment[]; entries: number };

/** Hands out the rows of one leaf in one row group from the beginning to the end. */
export class LeafCursor {
  readonly #reader: PageReader;
  readonly #most: number;
  #next: number;
  #place: PagePlace | null = null;
  /** The next entry of the page, and how many values lie before it. */
  #entry = 0;
  #value = 0;

  constructor(reader: PageReader) {
    this.#reader = reader;
    this.#next = reader.chunk.from;
    this.#most = reader.chunk.node.definition;
  }

  /** Goes on at a page that begins with a row. */
  jump(at: number): void {
    this.#next = at;
    this.#place = null;
  }

  async #step(): Promise<PagePlace | null> {
    while (this.#place === null) {
      if (this.#next >= this.#reader.chunk.to) return null;
      const place = await this.#reader.place(this.#next);
      this.#next = place.next;
      if (place.header.data === undefined && place.header.dataV2 === undefined) continue;
      this.#place = place;
      this.#entry = 0;
      this.#value = 0;
    }
    return this.#place;
  }

  async skip(rows: number): Promise<void> {
    let left = rows;
    while (left > 0) {
      const place = await this.#step();
      if (place === null) throw damagedPage("its column ends before its last row");
      if (this.#entry > 0 || place.rows === null || place.rows > left) break;
      left -= place.rows;
      this.#place = null;
    }
    // A few rows at a time, so that what is passed over is not held.
    while (left > 0) {
      const some = Math.min(left, 1024);
      await this.take(some);
      left -= some;
    }
  }

  /** The next rows; a row may go on in the page after the one that it begins in. */
  async take(rows: number): Promise<LeafRows> {
    const taken: LeafRows = { segments: [], entries: 0 };
    let begun = 0;
    for (;;) {
      const place = await this.#step();
      if (place === null) break;
      const page = await this.#reader.page(place);
      const from = this.#entry;
      const { repetition } = page;
      let to = from;
      if (repetition === null) {
        to = Math.min(from + rows - begun, page.entries);
        begun += to - from;
      } else
        for (; to < page.entries; to++) {
          if (repetition[to] !== 0) continue;
          if (begun === rows) break;
          begun++;
        }
      if (to > from) {
        if (taken.segments.length === 0 && repetition !== null && repetition[from] !== 0)
          throw damagedPage("it begins in the middle of a row");
        this.#add(taken, { page, from, to, value: this.#value });
      }
      if (to < page.entries) break;
      this.#place = null;
      if (repetition === null && begun === rows) break;
    }
    if (begun < rows) throw damagedPage("its column ends before its last row");
    return taken;
  }

  #add(taken: LeafRows, segment: Segment): void {
    const { page, from, to } = segment;
    taken.segments.push(segment);
    taken.entries += to - from;
    if (taken.entries > MOST_ENTRIES)
      throw damagedPage(`a few rows of it have more than ${MOST_ENTRIES} values`);
    this.#entry = to;
    if (page.definition === null) this.#value += to - from;
    else for (let i = from; i < to; i++) if (page.definition[i] === this.#most) this.#value++;
  }
}
