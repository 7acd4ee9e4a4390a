import type { CallOptions, Linnet } from "./client.ts";
import { eachItem, type PageQuery } from "./page.ts";
import { path } from "./path.ts";
import type { LayerSummary, LayerView, Page, PutLayer } from "./wire.ts";

/** Makes a layer or changes it; what is left out stays as it is. No experiment's part moves. */
export const put = (
  client: Linnet,
  name: string,
  layer: PutLayer = {},
  options?: CallOptions,
): Promise<LayerView> =>
  client.call(
    { method: "PUT", path: path`/v1/layers/${name}`, json: layer, repeatable: true },
    options,
  );

/** A page of your layers, newest first. */
export const list = (
  client: Linnet,
  query?: PageQuery,
  options?: CallOptions,
): Promise<Page<LayerSummary>> =>
  client.call(
    { method: "GET", path: "/v1/layers", query: { ...query }, repeatable: true },
    options,
  );

export const all = (
  client: Linnet,
  query?: PageQuery,
  options?: CallOptions,
): AsyncIterable<LayerSummary> =>
  eachItem((cursor) => list(client, { ...query, cursor }, options), query?.cursor);

/** A layer with the experiments that hold a share of it. */
export const get = (client: Linnet, name: string, options?: CallOptions): Promise<LayerView> =>
  client.call({ method: "GET", path: path`/v1/layers/${name}`, repeatable: true }, options);

/** Deletes a layer; refused while an experiment holds a share of it. */
export const remove = (client: Linnet, name: string, options?: CallOptions): Promise<void> =>
  client.call(
    { method: "DELETE", path: path`/v1/layers/${name}`, repeatable: true, absentIsDone: true },
    options,
  );
