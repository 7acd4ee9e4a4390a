import type { Explained } from "../../../domain/explain/explanation.ts";
import { ratioOf, type Row, type Theirs } from "../experiments/row.ts";
import { median } from "../onnx/timing.ts";
import { explained, openFor, releaseSubject, requestOf } from "./ours.ts";
import { NOT_INSTALLED, type Peer, type PythonPeers } from "./python-peers.ts";
import { feedsOf } from "./subjects.ts";
import type { PeerOfWork, Work } from "./works.ts";

type Opened = PeerOfWork & { peer: Peer | null; times: number[] };

/** One line of the table: ours on WebAssembly in Node and the peers, in turns. */
export async function measured(work: Work, python: PythonPeers, quick: boolean): Promise<Row> {
  const { model, instances, background, rows, goal_ms } = work;
  const rounds = quick ? 1 : work.rounds;
  const request = requestOf(work.asked);
  const subject = await openFor(model, feedsOf(instances, 0, 1));
  const peers: Opened[] = [];
  for (const one of work.peers)
    peers.push({ ...one, peer: await python.prepare(one.asked), times: [] });
  const compared = background && feedsOf(background);
  const times: number[] = [];
  const differences: string[] = [];
  let spent = 0;
  // The first round is the warm-up.
  for (let round = 0; round <= rounds; round += 1) {
    const from = rows === 1 ? round % instances.rows.length : 0;
    const feeds = feedsOf(instances, from, from + rows);
    const began = performance.now();
    const [first] = await explained(subject, feeds, compared, request);
    if (round > 0) times.push((performance.now() - began) / rows);
    if (first === undefined) throw new Error(`${work.name}: no explanation`);
    spent = first.explained.model_rows;
    for (const { peer, times, tolerance, rows: fewer = rows } of peers) {
      if (peer === null) continue;
      const { ms, values } = await peer.run([from, from + fewer]);
      if (round > 0) times.push(ms);
      if (round > 0 || tolerance === null || values === null) continue;
      differences.push(agreement(`${work.name}, ${peer.name}`, first.explained, values, tolerance));
    }
  }
  await releaseSubject(subject);
  const goal = goal_ms === undefined ? [] : [goalOf(median(times), goal_ms)];
  const ran = spent === 0 ? [] : [`${spent.toLocaleString("en")} rows of the model`];
  return {
    measure: work.name,
    ours: written(times),
    peers: peers.map((one) => theirs(one, times)),
    how: [...goal, ...ran, ...differences, `${rounds} rounds`].join("; "),
  };
}

/** The median, and the least in brackets. */
export const written = (times: readonly number[]): string =>
  `${digits(median(times))} ms (${digits(Math.min(...times))})`;

const digits = (ms: number): string => (ms >= 100 ? ms.toFixed(0) : ms.toPrecision(2));

export const goalOf = (ms: number, goal_ms: number): string =>
  `goal ${goal_ms} ms: ${ms <= goal_ms ? "met" : "missed"}`;

function theirs({ asked, peer, times }: Opened, ours: readonly number[]): Theirs {
  if (peer === null) return { name: asked.peer, value: NOT_INSTALLED };
  return { name: peer.name, value: written(times), ratio: ratioOf(median(ours), median(times)) };
}

/** How far two explanations of the first row are apart; throws beyond what the work allows. */
function agreement(
  name: string,
  { feature_contributions, map }: Explained,
  theirs: readonly number[],
  tolerance: number,
): string {
  const ours = map?.data ?? feature_contributions.map(({ contribution }) => contribution);
  if (ours.length !== theirs.length)
    throw new Error(`${name}: ${theirs.length} contributions, and ours are ${ours.length}`);
  const greatest = Math.max(...theirs.map(Math.abs));
  let worst = 0;
  for (let at = 0; at < ours.length; at += 1)
    worst = Math.max(worst, Math.abs((ours[at] ?? 0) - (theirs[at] ?? 0)));
  const share = worst / greatest;
  if (share <= tolerance) return `differs by ${share.toExponential(0)} of the greatest`;
  throw new Error(`${name}: contributions differ by ${share} of the greatest`);
}
