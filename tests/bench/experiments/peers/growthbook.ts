import { GrowthBookClient } from "@growthbook/growthbook";
import { COUNTRIES, COUNTRY, each, LAYER_SHARE, type Peer } from "./peer.ts";

function clientWith(weights: readonly number[], only: object): GrowthBookClient {
  const experiment = {
    key: "bench",
    seed: "bench",
    hashVersion: 2,
    hashAttribute: "id",
    coverage: 1,
    variations: weights.map((_, index) => index),
    weights,
    ...only,
  };
  const client = new GrowthBookClient();
  client.initSync({ payload: { features: { bench: { defaultValue: -1, rules: [experiment] } } } });
  return client;
}

export const growthbook: Peer = {
  name: "GrowthBook",
  note: "GrowthBookClient.getFeatureValue",
  split: async (shares) => {
    const client = clientWith(shares, {});
    return each((id) => client.getFeatureValue("bench", -1, { attributes: { id } }));
  },
  targeted: async (shares) => {
    const client = clientWith(shares, {
      condition: { country: { $in: COUNTRIES } },
      namespace: ["layer", 0, LAYER_SHARE],
    });
    return each((id) =>
      client.getFeatureValue("bench", -1, { attributes: { id, country: COUNTRY } }),
    );
  },
};
