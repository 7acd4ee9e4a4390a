import { EppoClient, MemoryOnlyConfigurationStore } from "@eppo/js-client-sdk-common";
import { apportion } from "../../../../domain/experiments/apportion.ts";
import { COUNTRIES, COUNTRY, each, LAYER_SHARE, type Peer } from "./peer.ts";

const SHARDS = 10_000;

async function clientWith(
  shares: readonly number[],
  { rules, shards }: { rules?: object[]; shards: object[] },
): Promise<EppoClient> {
  let start = 0;
  const splits = apportion(SHARDS, shares).map((size, index) => {
    const range = { start, end: (start += size) };
    return { variationKey: String(index), shards: [{ salt: "bench", ranges: [range] }, ...shards] };
  });
  const flag = {
    key: "bench",
    enabled: true,
    variationType: "INTEGER",
    variations: Object.fromEntries(
      shares.map((_, index) => [String(index), { key: String(index), value: index }]),
    ),
    totalShards: SHARDS,
    allocations: [{ key: "bench", doLog: false, splits, ...(rules ? { rules } : {}) }],
  };
  const flagConfigurationStore = new MemoryOnlyConfigurationStore();
  await flagConfigurationStore.setEntries({ bench: flag });
  return new EppoClient({ flagConfigurationStore });
}

export const eppo: Peer = {
  name: "Eppo",
  note: "getIntegerAssignment",
  split: async (shares) => {
    const client = await clientWith(shares, { shards: [] });
    return each((id) => client.getIntegerAssignment("bench", id, {}, -1));
  },
  targeted: async (shares) => {
    const condition = { attribute: "country", operator: "ONE_OF", value: COUNTRIES };
    const client = await clientWith(shares, {
      rules: [{ conditions: [condition] }],
      shards: [{ salt: "layer", ranges: [{ start: 0, end: SHARDS * LAYER_SHARE }] }],
    });
    return each((id) => client.getIntegerAssignment("bench", id, { country: COUNTRY }, -1));
  },
};
