import { eppo } from "./peers/eppo.ts";
import { interpretedFlagd } from "./peers/flagd.ts";
import { growthbook } from "./peers/growthbook.ts";
import { launchdarkly } from "./peers/launchdarkly.ts";
import { linnet } from "./peers/linnet.ts";
import { type Peer } from "./peers/peer.ts";
import { unleash } from "./peers/unleash.ts";
import { type Options, percent, type Row, whole } from "./row.ts";

const PEERS: readonly Peer[] = [growthbook, interpretedFlagd, unleash, eppo, launchdarkly];
const SHARES = [0.00005, 0.00015, 0.0125];

/** What a canary of a small share really gets. */
export async function measureTinyShares({ quick }: Options): Promise<Row[]> {
  const count = quick ? 100_000 : 1_000_000;
  const ids = Array.from({ length: count }, (_, index) => `user-${index}`);
  const found = async (peer: Peer, share: number): Promise<string> => {
    const assign = await peer.split([1 - share, share]);
    const variants = await assign(ids);
    const canaries = variants.filter((variant) => variant === 1).length;
    const z = (canaries - share * count) / Math.sqrt(share * (1 - share) * count);
    return `${percent(canaries / count, 4)} (z ${z.toFixed(1)})`;
  };
  const rows: Row[] = [];
  for (const share of SHARES) {
    const peers = [];
    for (const peer of PEERS) peers.push({ name: peer.name, value: await found(peer, share) });
    rows.push({
      measure: `what a canary of ${percent(share, 3)} gets`,
      ours: await found(linnet, share),
      peers,
      how: `${whole(count)} ids; z is the distance in standard errors`,
    });
  }
  return rows;
}
