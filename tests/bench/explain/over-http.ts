import { buildWorkers } from "../../../scripts/lib/build.ts";
import type { Row } from "../experiments/row.ts";
import { median } from "../onnx/timing.ts";
import { type OpenPlatform, openPlatform } from "../targets.ts";
import { goalOf, written } from "./measure.ts";
import type { Span } from "./python-peers.ts";
import type { Table } from "./subjects.ts";
import type { Work } from "./works.ts";

const HITS = 200;
const CACHE_HIT_GOAL_MS = 2;

type Named = { name: string };
type Answer = { computation_time_ms: number; cached: boolean };
type Served = { model: string; background: string | null };

/** The same works by requests to the built platform, one after the other, each answer computed and kept. */
export async function overHttp(
  works: readonly Work[],
  isAsked: (named: Named) => boolean,
  quick: boolean,
): Promise<Row[]> {
  await buildWorkers();
  const platform = await openPlatform();
  try {
    const rows: Row[] = [];
    const served = new Map<Uint8Array, string>();
    for (const work of works) {
      const name = `through HTTP: ${work.name}`;
      if (!isAsked({ name })) continue;
      const at = { model: await modelFor(platform, work, served), background: null };
      const background = await backgroundFor(platform, work, at.model);
      rows.push(await measured(platform, { ...work, name }, { ...at, background }, quick));
    }
    const [first] = works;
    const name = "through HTTP: an explanation that is cached";
    if (first !== undefined && isAsked({ name })) {
      const model = await modelFor(platform, first, served);
      const background = await backgroundFor(platform, first, model);
      rows.push(await cacheHit(platform, { ...first, name }, { model, background }, quick));
    }
    return rows;
  } finally {
    await platform.stop();
  }
}

async function modelFor(
  { url, key, call }: OpenPlatform,
  { model }: Work,
  served: Map<Uint8Array, string>,
): Promise<string> {
  const known = served.get(model);
  if (known !== undefined) return known;
  const name = `bench-${served.size}`;
  await call("POST", "/v1/models", { name });
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/octet-stream" };
  const address = new URL(`/v1/models/${name}/versions`, url);
  const body = new Uint8Array(model);
  const response = await fetch(address, { method: "PUT", headers, body });
  if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
  served.set(model, name);
  return name;
}

async function backgroundFor(
  { call }: OpenPlatform,
  { background }: Work,
  model: string,
): Promise<string | null> {
  if (background === null) return null;
  const { length } = background.rows;
  const name = `rows-${length}`;
  const path = `/v1/models/${model}/versions/1/backgrounds/${name}`;
  const inputs = inputsOf(background, [0, length]);
  await call("PUT", path, { inputs, method: "all" });
  return name;
}

const inputsOf = ({ name, shape, rows }: Table, [from, to]: Span): Record<string, unknown> => ({
  [name]: rows.slice(from, to).map((row) => nested(row, shape)),
});

/** A list of numbers as the lists of lists of a shape. */
function nested(numbers: readonly number[], [, ...inner]: readonly number[]): unknown {
  if (inner.length === 0) return numbers;
  const size = inner.reduce((product, length) => product * length, 1);
  return Array.from({ length: numbers.length / size }, (_, at) =>
    nested(numbers.slice(at * size, (at + 1) * size), inner),
  );
}

function bodyOf({ instances, asked }: Work, { model, background }: Served, span: Span): object {
  const { method, options, class: target } = asked;
  return {
    model,
    method,
    inputs: inputsOf(instances, span),
    ...(background === null ? {} : { background }),
    ...(options === undefined ? {} : { options }),
    ...(target === undefined ? {} : { target: { class: target } }),
  };
}

/** Kept for a day as by default, and not at all, in turns. */
const TTLS = { kept: 86_400, dropped: 0 } as const;

async function measured(
  platform: OpenPlatform,
  work: Work,
  served: Served,
  quick: boolean,
): Promise<Row> {
  const { name, instances, rows, goal_ms } = work;
  const rounds = quick ? 1 : work.rounds;
  const times = { kept: [] as number[], dropped: [] as number[] };
  const inside: number[] = [];
  let cold = 0;
  for (let round = 0; round <= rounds; round += 1)
    for (const kind of ["kept", "dropped"] as const) {
      const from = rows === 1 ? round % instances.rows.length : 0;
      const asked = bodyOf(work, served, [from, from + rows]);
      const body = { ...asked, fresh: true, ttl_seconds: TTLS[kind] };
      const began = performance.now();
      const answers = await explainedBy(platform, body, rows);
      const ms = performance.now() - began;
      if (answers === null) return { measure: name, ours: "a job", peers: [], how: BEYOND_A_CALL };
      if (round > 0) {
        times[kind].push(ms / rows);
        if (kind === "dropped")
          inside.push(answers.reduce((sum, one) => sum + one.computation_time_ms, 0) / rows);
      } else if (kind === "kept") cold = ms;
    }
  const goal = goal_ms === undefined ? [] : [goalOf(median(times.kept), goal_ms)];
  const first = rows === 1 ? [`the first ${cold.toFixed(0)} ms`] : [];
  const parts = [
    `not kept ${written(times.dropped)}`,
    ...(rows === 1 ? [`of which the explainer ${median(inside).toFixed(1)} ms`] : []),
  ];
  return {
    measure: name,
    ours: written(times.kept),
    peers: [],
    how: [...goal, ...parts, ...first, `${rounds} rounds`].join("; "),
  };
}

const BEYOND_A_CALL =
  "its estimated cost is more than one call may do, so that it is answered by a job";

/** The explanations of as many rows; null where they become a job. */
async function explainedBy(
  { call }: OpenPlatform,
  body: object,
  rows: number,
): Promise<Answer[] | null> {
  type Found = (Answer | { items: Answer[] }) & { job_id?: string };
  const path = rows === 1 ? "/v1/explanations" : "/v1/explanations/batch";
  const found = await call<Found>("POST", path, body);
  if (found.job_id !== undefined) return null;
  return "items" in found ? found.items : [found];
}

async function cacheHit(
  { call }: OpenPlatform,
  work: Work,
  served: Served,
  quick: boolean,
): Promise<Row> {
  const body = bodyOf(work, served, [0, 1]);
  await call<Answer>("POST", "/v1/explanations", body);
  const times: number[] = [];
  for (let hit = 0; hit < (quick ? 5 : HITS); hit += 1) {
    const began = performance.now();
    const { cached } = await call<Answer>("POST", "/v1/explanations", body);
    times.push(performance.now() - began);
    if (!cached) throw new Error("an explanation was not cached");
  }
  const how = `${goalOf(median(times), CACHE_HIT_GOAL_MS)}; ${times.length} requests, one after the other`;
  return { measure: work.name, ours: written(times), peers: [], how };
}
