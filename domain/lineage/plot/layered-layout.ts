import type { LineageEdge } from "../lineage-node.ts";
import { byNode } from "../reach.ts";

/** Where something lies: the layer from left to right, and how far down in it, in rows. */
export type Place = { layer: number; row: number };
export type Layout = {
  places: ReadonlyMap<string, Place>;
  /** The places that each edge goes through, both of its ends included. */
  routes: readonly (LineageEdge & { through: Place[] })[];
  layers: number;
  rows: number;
};

const SWEEPS = 8;

/**
 * Layers for a drawing from left to right: every edge leads to the right, but those that close a
 * cycle; edges over several layers bend where they cross one. The order within the layers is that
 * with the fewest crossings that some sweeps of medians find (Sugiyama, Tagawa & Toda 1981; Gansner
 * et al. 1993).
 */
export function layeredLayout(ids: readonly string[], edges: readonly LineageEdge[]): Layout {
  const forward = withoutCycles(ids, edges);
  const layerOf = layersOf(ids, forward);
  const { layers, segments, routes } = withBends(ids, edges, layerOf);
  const order = fewestCrossings(layers, segments);
  const tallest = Math.max(0, ...order.map(({ length }) => length));
  const places = new Map<string, Place>();
  for (const [layer, members] of order.entries())
    for (const [at, id] of members.entries())
      places.set(id, { layer, row: at + (tallest - members.length) / 2 });
  return {
    places,
    layers: order.length,
    rows: tallest,
    routes: routes.map(({ from, to, ids }) => ({
      from,
      to,
      through: ids.flatMap((id) => places.get(id) ?? []),
    })),
  };
}

/** All edges but those that lead back to a node on the way to them. */
function withoutCycles(ids: readonly string[], edges: readonly LineageEdge[]): LineageEdge[] {
  const targets = byNode(edges.map(({ from, to }) => [from, to] as const));
  const done = new Set<string>();
  const kept: LineageEdge[] = [];
  for (const root of ids) {
    if (done.has(root)) continue;
    const path = [{ id: root, next: 0 }];
    const onPath = new Set([root]);
    for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
      const to = targets.get(at.id)?.[at.next++];
      if (to === undefined) {
        done.add(at.id);
        onPath.delete(at.id);
        path.pop();
        continue;
      }
      if (onPath.has(to)) continue;
      kept.push({ from: at.id, to });
      if (done.has(to)) continue;
      path.push({ id: to, next: 0 });
      onPath.add(to);
    }
  }
  return kept;
}

/** The longest way from a root; a root itself stands right before what comes of it first. */
function layersOf(ids: readonly string[], edges: readonly LineageEdge[]): Map<string, number> {
  const targets = byNode(edges.map(({ from, to }) => [from, to] as const));
  const waiting = new Map<string, number>();
  for (const { to } of edges) waiting.set(to, (waiting.get(to) ?? 0) + 1);
  const roots = ids.filter((id) => !waiting.has(id));
  const layers = new Map<string, number>(roots.map((id) => [id, 0]));
  const ready = [...roots];
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    for (const to of targets.get(id) ?? []) {
      layers.set(to, Math.max(layers.get(to) ?? 0, (layers.get(id) ?? 0) + 1));
      const left = (waiting.get(to) ?? 0) - 1;
      waiting.set(to, left);
      if (left === 0) ready.push(to);
    }
  }
  for (const id of roots) {
    const nearest = Math.min(...(targets.get(id) ?? []).map((to) => layers.get(to) ?? 0));
    if (Number.isFinite(nearest)) layers.set(id, nearest - 1);
  }
  return layers;
}

type Segment = readonly [from: string, to: string];
type Route = LineageEdge & { ids: string[] };

/** Puts a bend into every layer that an edge goes over, so that each segment joins two neighbours. */
function withBends(
  ids: readonly string[],
  edges: readonly LineageEdge[],
  layerOf: ReadonlyMap<string, number>,
) {
  const layers: string[][] = [];
  const put = (id: string, layer: number) => {
    while (layers.length <= layer) layers.push([]);
    layers[layer]?.push(id);
  };
  for (const id of ids) put(id, layerOf.get(id) ?? 0);
  const segments: Segment[] = [];
  const routes = edges.map(({ from, to }, edge): Route => {
    const [start, end] = [layerOf.get(from) ?? 0, layerOf.get(to) ?? 0];
    const step = Math.sign(end - start);
    const through = [from];
    for (let at = 1; at < Math.abs(end - start); at++) {
      const layer = start + at * step;
      const bend = `${edge}/${layer}`;
      put(bend, layer);
      through.push(bend);
    }
    through.push(to);
    for (const [i, id] of through.slice(1).entries()) {
      const before = through[i] ?? from;
      segments.push(step > 0 ? [before, id] : [id, before]);
    }
    return { from, to, ids: through };
  });
  return { layers, segments, routes };
}

function fewestCrossings(layers: readonly string[][], segments: readonly Segment[]): string[][] {
  const right = byNode(segments);
  const left = byNode(segments.map(([from, to]) => [to, from] as const));
  let order = layers.map((members) => [...members]);
  let best = order;
  let fewest = crossings(order, right);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    order = sweep % 2 === 0 ? swept(order, left, 1) : swept(order, right, -1);
    const found = crossings(order, right);
    if (found < fewest) [best, fewest] = [order, found];
  }
  return best;
}

/** Each layer in the order of the medians of its neighbours in the layer before. */
function swept(
  order: readonly string[][],
  neighbours: ReadonlyMap<string, readonly string[]>,
  step: 1 | -1,
): string[][] {
  const next = order.map((members) => [...members]);
  const first = step > 0 ? 1 : next.length - 2;
  for (let layer = first; layer >= 0 && layer < next.length; layer += step) {
    const before = positions(next[layer - step] ?? []);
    const members = next[layer] ?? [];
    const medians = new Map(
      members.map((id, at) => [id, median(neighbours.get(id) ?? [], before) ?? at]),
    );
    members.sort((a, b) => (medians.get(a) ?? 0) - (medians.get(b) ?? 0));
  }
  return next;
}

function median(ids: readonly string[], at: ReadonlyMap<string, number>): number | null {
  const found = ids.flatMap((id) => at.get(id) ?? []).sort((a, b) => a - b);
  const middle = found.length >> 1;
  const [low, high] = [found[found.length % 2 === 1 ? middle : middle - 1], found[middle]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

const positions = (members: readonly string[]): Map<string, number> =>
  new Map(members.map((id, at) => [id, at]));

/** How often two segments between the same layers cross. */
export function crossings(
  order: readonly (readonly string[])[],
  right: ReadonlyMap<string, readonly string[]>,
): number {
  let count = 0;
  for (const [layer, members] of order.entries()) {
    const next = positions(order[layer + 1] ?? []);
    const ends: number[] = [];
    for (const id of members) {
      const mine = (right.get(id) ?? []).flatMap((to) => next.get(to) ?? []);
      for (const end of mine) count += ends.filter((other) => other > end).length;
      ends.push(...mine);
    }
  }
  return count;
}
