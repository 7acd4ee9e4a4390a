import type { Page } from "@linnet/sdk";
import type { Command } from "commander";
import { type Context, integer } from "./command.ts";

export type ListOptions = { limit: number; cursor?: string; all?: boolean };

export const listOptions = (command: Command): Command =>
  command
    .option("--limit <number>", "items to show, 1 to 100", integer(1, 100), 50)
    .option("--cursor <cursor>", "go on where another page ended")
    .option("--all", "show everything");

/** One page, or with `--all` every item; in JSON both are a page as the API gives it. */
export async function showList<T>(
  context: Context,
  { limit, cursor, all }: ListOptions,
  source: {
    list: (query: { limit: number; cursor: string | undefined }) => Promise<Page<T>>;
    all: (query: { limit: number; cursor: string | undefined }) => AsyncIterable<T>;
    none: string;
    table: (items: T[]) => string;
  },
): Promise<void> {
  const page =
    all === true
      ? { items: await Array.fromAsync(source.all({ limit: 100, cursor })), next_cursor: null }
      : await source.list({ limit, cursor });
  context.show(page, () => (page.items.length === 0 ? "" : source.table(page.items)));
  if (page.items.length === 0) context.note(source.none);
  if (page.next_cursor !== null)
    context.note(`there are more: add --all, or --cursor ${page.next_cursor}`);
}
