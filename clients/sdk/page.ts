import type { Page } from "./wire.ts";

export type PageQuery = {
  /** 1 to 100 items a page; 50 by default. */
  limit?: number | undefined;
  /** `next_cursor` of the page before. */
  cursor?: string | undefined;
};

/** Every item of every page, read as they are asked for. */
export async function* eachItem<T>(
  read: (cursor: string | undefined) => Promise<Page<T>>,
  cursor?: string,
): AsyncGenerator<T, void, undefined> {
  for (;;) {
    const page = await read(cursor);
    yield* page.items;
    if (page.next_cursor === null) return;
    cursor = page.next_cursor;
  }
}
