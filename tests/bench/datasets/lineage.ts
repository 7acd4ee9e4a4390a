import { join } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { ROOT } from "../../../scripts/lib/build.ts";
import { type Random, seededRandom } from "../../../domain/statistics/random.ts";
import { quantileOf, type Row, whole } from "../experiments/row.ts";

const NODES = 100_000;
const SOURCES = 3;
/** Each so manieth node is a version of a model, which nothing is made from. */
const MODEL_EVERY = 10;
const DEPTHS = [1, 2, 3, 5, 10];
const ASKED = 60;
const PUT_AT_ONCE = 5_000;

type Edge = { from: string; to: string };
type Timed = { ms: number; nodes: number; truncated: boolean };

/** A Worker of nothing but the actor, which times each call from outside of it. */
const SOURCE = `
  export { LineageActor } from ${JSON.stringify(join(ROOT, "durable-objects/lineage/lineage-actor.ts"))};
  export default {
    async fetch(request, env) {
      const { method, args } = await request.json();
      const actor = env.LINEAGE.getByName("bench");
      const started = performance.now();
      const answer = await actor[method](...args);
      const ms = performance.now() - started;
      if (answer?.ok === false) throw new Error(JSON.stringify(answer.error));
      const { nodes, ancestors, affected = [], versions = [], truncated = false } = answer?.value ?? {};
      const listed = nodes ?? ancestors ?? [...affected, ...versions];
      return Response.json({ ms, nodes: listed.length ?? 0, truncated });
    },
  };
`;

/**
 * Questions to a graph of 100,000 nodes, each made from three of the versions before it, taken at
 * random: a version's age tells nothing of how much lies upstream of it, and few answers share nodes.
 */
export async function measureLineage(quick = false): Promise<Row[]> {
  const platform = await start();
  try {
    const ask = async (method: string, ...args: unknown[]): Promise<Timed> => {
      const body = JSON.stringify({ method, args });
      const response = await platform.dispatchFetch("http://bench", { method: "POST", body });
      if (response.status !== 200) throw new Error(await response.text());
      return (await response.json()) as Timed;
    };
    const size = quick ? 10_000 : NODES;
    const put = await fill(ask, size);
    const random = seededRandom("questions");
    /** Of the younger half, of which much lies upstream; the older have much downstream. */
    const young = () => idOf(Math.floor(size / 2) + versionBefore(random, size / 2));
    const old = () => idOf(versionBefore(random, size / 2));
    const rows: Row[] = [];
    for (const limit of [200, 1_000])
      for (const depth of DEPTHS) {
        const timed: Timed[] = [];
        for (let at = 0; at < (quick ? 5 : ASKED); at++)
          timed.push(await ask("upstream", young(), { depth, limit }));
        rows.push(rowOf(`upstream, depth ${depth}, at most ${limit} nodes, ms`, timed, size));
      }
    for (const [name, method, args] of QUESTIONS) {
      const timed: Timed[] = [];
      for (let at = 0; at < (quick ? 3 : 20); at++)
        timed.push(await ask(method, ...args(young, old)));
      rows.push(rowOf(name, timed, size));
    }
    return [
      {
        measure: "putting nodes with their edges, ms each thousand",
        ours: `median ${put.median.toFixed(0)}, at most ${put.most.toFixed(0)}`,
        peers: [],
        how: `${whole(size)} nodes and ${whole(size * SOURCES)} edges, ${whole(PUT_AT_ONCE)} nodes a call, checked for cycles`,
      },
      ...rows,
    ];
  } finally {
    await platform.dispose();
  }
}

type Node = () => string;
type Question = [name: string, method: string, args: (young: Node, old: Node) => unknown[]];
const QUESTIONS: Question[] = [
  [
    "downstream, depth 3, models only, ms",
    "downstream",
    (_young, old) => [old(), { depth: 3, kinds: ["model_version"] }],
  ],
  ["common ancestors of two, ms", "commonAncestors", (young) => [young(), young()]],
  ["impact of a version, ms", "impact", (_young, old) => [[old()]]],
  ["impact of ten versions, ms", "impact", (_young, old) => [Array.from({ length: 10 }, old)]],
  ["reproducibility chain, ms", "chain", (young) => [young()]],
];

const idOf = (at: number): string =>
  at % MODEL_EVERY === MODEL_EVERY - 1 ? `mdl_${at}@1` : `dsv_${at}`;

/** One of the first so many nodes that is no model's. */
function versionBefore(random: Random, count: number): number {
  const at = random.integer(count);
  return at % MODEL_EVERY === MODEL_EVERY - 1 ? at - 1 : at;
}

function rowOf(measure: string, timed: readonly Timed[], size: number): Row {
  const ms = timed.map((one) => one.ms);
  const nodes = timed.map((one) => one.nodes);
  const truncated = timed.filter((one) => one.truncated).length;
  return {
    measure,
    ours: `median ${quantileOf(ms, 0.5).toFixed(1)}, 95 % ${quantileOf(ms, 0.95).toFixed(1)}, at most ${Math.max(...ms).toFixed(1)}`,
    peers: [],
    how: `${timed.length} of ${whole(size)} nodes; answers of ${whole(quantileOf(nodes, 0.5))} nodes, ${truncated} truncated; from the Worker that asks, RPC included`,
  };
}

async function fill(
  ask: (method: string, ...args: unknown[]) => Promise<Timed>,
  size: number,
): Promise<{ median: number; most: number }> {
  const random = seededRandom("graph");
  const times: number[] = [];
  for (let from = 0; from < size; from += PUT_AT_ONCE) {
    const nodes = Array.from({ length: Math.min(PUT_AT_ONCE, size - from) }, (_, at) => ({
      node_id: idOf(from + at),
      node_type: idOf(from + at).startsWith("mdl_") ? "model_version" : "dataset_version",
      label: `dataset@${from + at}`,
      created_at: from + at,
      metadata: { row_count: at, content_hash: "0".repeat(64) },
    }));
    const edges = nodes.flatMap((_, at): Edge[] =>
      from + at === 0
        ? []
        : Array.from({ length: SOURCES }, () => ({
            from: idOf(versionBefore(random, from + at)),
            to: idOf(from + at),
          })),
    );
    const { ms } = await ask("put", nodes, edges);
    times.push((ms * 1_000) / nodes.length);
  }
  return { median: quantileOf(times, 0.5), most: Math.max(...times) };
}

async function start(): Promise<Miniflare> {
  const bundled = await build({
    stdin: { contents: SOURCE, resolveDir: ROOT, loader: "js" },
    bundle: true,
    write: false,
    format: "esm",
    target: "esnext",
    external: ["cloudflare:workers"],
  });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          name: "lineage",
          modules: [
            { type: "ESModule", path: "index.js", contents: bundled.outputFiles[0]?.text ?? "" },
          ],
          compatibilityDate: "2026-11-01",
          durableObjects: { LINEAGE: { className: "LineageActor", useSQLite: true } },
        },
      ],
    }),
  );
  await miniflare.ready;
  return miniflare;
}
