import { median } from "../load.ts";
import { eppo } from "./peers/eppo.ts";
import { compiledFlagd, interpretedFlagd } from "./peers/flagd.ts";
import { growthbook } from "./peers/growthbook.ts";
import { launchdarkly } from "./peers/launchdarkly.ts";
import { linnet } from "./peers/linnet.ts";
import { type Assign, LAYER_SHARE, type Peer } from "./peers/peer.ts";
import { bareUnleash, unleash } from "./peers/unleash.ts";
import { type Options, ratioOf, type Row, whole } from "./row.ts";

const PEERS: readonly Peer[] = [
  bareUnleash,
  unleash,
  compiledFlagd,
  interpretedFlagd,
  growthbook,
  launchdarkly,
  eppo,
];
const SHARES = [0.34, 0.33, 0.33];
const TOLERANCE = 0.02;

/** CPU time of one decision in process. Rounds take turns, so that noise of the machine hits all alike. */
export async function measureDecisionTime({ quick }: Options): Promise<Row[]> {
  const rounds = quick ? 3 : 5;
  const count = quick ? 20_000 : 100_000;
  const rows: Row[] = [];
  for (const kind of ["split", "targeted"] as const) {
    const measured: { peer: Peer; assign: Assign; micros: number[] }[] = [];
    for (const peer of [linnet, ...PEERS]) {
      const assign = await peer[kind]?.(SHARES);
      if (assign) measured.push({ peer, assign, micros: [] });
    }
    // The round before the first is not counted: it compiles.
    for (let round = -1; round < rounds; round++) {
      const turn = round % 2 === 0 ? measured : measured.toReversed();
      for (const { peer, assign, micros } of turn) {
        const ids = Array.from({ length: count }, (_, index) => `user-${round + 1}-${index}`);
        const before = process.cpuUsage();
        const variants = await assign(ids);
        const { user, system } = process.cpuUsage(before);
        check(peer, variants, kind === "split" ? 1 : LAYER_SHARE);
        if (round >= 0) micros.push((user + system) / count);
      }
    }
    const ours = median(measured[0]?.micros ?? []);
    const measure =
      kind === "split"
        ? "decision in process, 3 variants (µs of CPU)"
        : "the same with targeting by country and half of a layer (µs of CPU)";
    const how = `${whole(count)} new ids a round, median of ${rounds} rounds in turns`;
    const peers = measured.slice(1).map(({ peer: { name, note }, micros }) => {
      const theirs = median(micros);
      const value = theirs.toFixed(2);
      return { name: `${name} (${note})`, value, ratio: ratioOf(ours, theirs) };
    });
    rows.push({ measure, ours: ours.toFixed(2), peers, how });
  }
  return rows;
}

/** A client that answers something else than the split would be fast for nothing. */
function check({ name }: Peer, variants: Int32Array, admitted: number): void {
  for (const [variant, share] of SHARES.entries()) {
    const found = variants.filter((assigned) => assigned === variant).length / variants.length;
    if (Math.abs(found - share * admitted) > TOLERANCE)
      throw new Error(`${name}: variant ${variant} has ${found}, not ${share * admitted}`);
  }
}
