import { apportion } from "../../../domain/experiments/apportion.ts";
import { type Ledger, layOut } from "../../../domain/experiments/ledger.ts";
import { reweigh } from "../../../domain/experiments/reweigh.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { eppo } from "./peers/eppo.ts";
import { interpretedFlagd } from "./peers/flagd.ts";
import { growthbook } from "./peers/growthbook.ts";
import { launchdarkly } from "./peers/launchdarkly.ts";
import { assignBy, routingTable } from "./peers/linnet.ts";
import { type Assign, type Peer } from "./peers/peer.ts";
import { unleash } from "./peers/unleash.ts";
import { type Options, percent, ratioOf, type Row, whole } from "./row.ts";

const PEERS: readonly Peer[] = [growthbook, interpretedFlagd, unleash, eppo, launchdarkly];

type Change = { name: string; before: readonly number[]; after: readonly number[] };
const THIRD = 1 / 3;
const CHANGES: readonly Change[] = [
  { name: "2 variants, canary 1 % to 5 %", before: [0.99, 0.01], after: [0.95, 0.05] },
  { name: ".34/.33/.33 to .35/.33/.32", before: [0.34, 0.33, 0.33], after: [0.35, 0.33, 0.32] },
  {
    name: "10 variants, 1 % from the first to the last",
    before: Array.from({ length: 10 }, () => 0.1),
    after: [0.09, ...Array.from({ length: 8 }, () => 0.1), 0.11],
  },
  {
    name: "4 equal variants to .40/.10/.35/.15",
    before: [0.25, 0.25, 0.25, 0.25],
    after: [0.4, 0.1, 0.35, 0.15],
  },
  {
    name: "a fourth variant beside 3 equal ones",
    before: [THIRD, THIRD, THIRD],
    after: [0.25, 0.25, 0.25, 0.25],
  },
  {
    name: "the second of 4 equal variants stopped",
    before: [0.25, 0.25, 0.25, 0.25],
    after: [THIRD, 0, THIRD, THIRD],
  },
];

/** Users whose variant changes with the weights, as a multiple of the fewest that have to. */
export async function measureMovedUsers({ quick }: Options): Promise<Row[]> {
  const count = quick ? 10_000 : 100_000;
  const ids = Array.from({ length: count }, (_, index) => `user-${index}`);
  const rows: Row[] = [];
  for (const { name, before, after } of CHANGES) {
    const [from, to] = [apportion(WHOLE, before), apportion(WHOLE, after)];
    const fewest = to.reduce((sum, units, arm) => sum + Math.max(0, units - (from[arm] ?? 0)), 0);
    const current = layOut(from);
    const { ledger, moved } = reweigh(current, to, []);
    const our = (table: Ledger) => assignBy(routingTable(table, after.length));
    const least = fewest / WHOLE;
    const ours = (await movedShare(ids, our(current), our(ledger))) / least;
    const peers = [];
    for (const peer of PEERS) {
      const [was, is] = [await peer.split(before), await peer.split(after)];
      const theirs = (await movedShare(ids, was, is)) / least;
      peers.push({ name: peer.name, value: theirs.toFixed(2), ratio: ratioOf(ours, theirs) });
    }
    const positions = moved === fewest ? "1 exactly" : (moved / fewest).toFixed(6);
    rows.push({
      measure: `users moved, × the fewest (${percent(least)}): ${name}`,
      ours: `${ours.toFixed(2)}; of all positions ${positions}`,
      peers,
      how: `${whole(count)} ids asked before and after`,
    });
  }
  return rows;
}

async function movedShare(ids: readonly string[], before: Assign, after: Assign): Promise<number> {
  const [was, is] = [await before(ids), await after(ids)];
  return was.filter((variant, index) => variant !== is[index]).length / ids.length;
}
