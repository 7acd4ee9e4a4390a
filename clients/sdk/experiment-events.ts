import type { CallOptions, Linnet } from "./client.ts";
import { eachItem } from "./page.ts";
import { path } from "./path.ts";
import type { EventView, Page } from "./wire.ts";

/** `cursor` is the `sequence` to go on after. */
export type EventQuery = { limit?: number | undefined; cursor?: number | undefined };

/** A page of what has happened to an experiment, oldest first. */
export const events = (
  client: Linnet,
  id: string,
  query?: EventQuery,
  options?: CallOptions,
): Promise<Page<EventView>> =>
  client.call(
    {
      method: "GET",
      path: path`/v1/experiments/${id}/events`,
      query: { ...query },
      repeatable: true,
    },
    options,
  );

export const allEvents = (
  client: Linnet,
  id: string,
  query?: EventQuery,
  options?: CallOptions,
): AsyncIterable<EventView> =>
  eachItem(
    (cursor) =>
      events(
        client,
        id,
        { ...query, cursor: cursor === undefined ? undefined : Number(cursor) },
        options,
      ),
    query?.cursor === undefined ? undefined : String(query.cursor),
  );
