import type { CallOptions, Linnet } from "./client.ts";
import { path } from "./path.ts";
import type {
  ChainView,
  CommonAncestorsView,
  CyclesView,
  ImpactRequest,
  ImpactView,
  LineageNodeView,
  TraceView,
} from "./wire.ts";

export type TraceQuery = {
  /** Steps away from the node, 1 to 100; 10. */
  depth?: number | undefined;
  /** Only these kinds are listed, separated by commas, such as `run,model_version`. */
  kinds?: string | undefined;
  /** 1 to 1,000 nodes; 200. */
  limit?: number | undefined;
  /** `next_cursor` of the answer before. */
  cursor?: string | undefined;
  budget_ms?: number | undefined;
};
export type Direction = "upstream" | "downstream";

/** A node by its id, with its neighbours. */
export const get = (
  client: Linnet,
  node: string,
  options?: CallOptions,
): Promise<LineageNodeView> =>
  client.call({ method: "GET", path: path`/v1/lineage/${node}`, repeatable: true }, options);

/** What the node came of, or what came of it; `truncated` where there is more. */
export const trace = (
  client: Linnet,
  node: string,
  direction: Direction,
  query: TraceQuery = {},
  options?: CallOptions,
): Promise<TraceView> =>
  client.call(
    {
      method: "GET",
      path: path`/v1/lineage/${node}/${direction}`,
      query: { ...query },
      repeatable: true,
    },
    options,
  );

/** The same as a picture, as SVG text. */
export const picture = (
  client: Linnet,
  node: string,
  direction: Direction,
  query: TraceQuery = {},
  options?: CallOptions,
): Promise<string> =>
  client.read(
    {
      method: "GET",
      path: path`/v1/lineage/${node}/${direction}`,
      query: { ...query },
      headers: { accept: "image/svg+xml, application/problem+json" },
      repeatable: true,
    },
    options,
    (response) => response.text(),
  );

/** What both nodes came of, nearest first. */
export const commonAncestors = (
  client: Linnet,
  a: string,
  b: string,
  options?: CallOptions,
): Promise<CommonAncestorsView> =>
  client.call(
    { method: "GET", path: "/v1/lineage/common-ancestors", query: { a, b }, repeatable: true },
    options,
  );

/** Circles in what was imported; nothing else can have any. */
export const cycles = (client: Linnet, options?: CallOptions): Promise<CyclesView> =>
  client.call({ method: "GET", path: "/v1/lineage/cycles", repeatable: true }, options);

/** All that is needed to make the node again, in order. */
export const chain = (client: Linnet, node: string, options?: CallOptions): Promise<ChainView> =>
  client.call({ method: "GET", path: path`/v1/lineage/${node}/chain`, repeatable: true }, options);

/** Runs, models and experiments that versions, or rows of one, have had a part in. */
export const impact = (
  client: Linnet,
  json: ImpactRequest,
  options?: CallOptions,
): Promise<ImpactView> =>
  client.call({ method: "POST", path: "/v1/lineage/impact", json, repeatable: true }, options);
