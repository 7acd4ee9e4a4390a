import clientModule from "unleash-client/lib/client.js";
import { defaultStrategies } from "unleash-client/lib/strategy/index.js";
import { selectVariant } from "unleash-client/lib/variant.js";
import { apportion } from "../../../../domain/experiments/apportion.ts";
import { COUNTRIES, COUNTRY, each, LAYER_SHARE, type Peer } from "./peer.ts";

/** Variants have whole weights that sum to this. */
const TOTAL = 1_000;
const STICKY = { stickiness: "userId" };

const variantsOf = (shares: readonly number[]) =>
  apportion(TOTAL, shares).map((weight, index) => ({
    name: String(index),
    weight,
    weightType: "variable",
    ...STICKY,
  }));

const NONE = "disabled";
const numberOf = (name: string): number => (name === NONE ? -1 : Number(name));

function clientWith(variants: object[], strategy: object) {
  const strategies = [strategy];
  const toggle = { name: "bench", type: "experiment", enabled: true, variants, strategies };
  const repository = { getToggle: () => toggle, getSegment: () => undefined };
  return new clientModule.default(repository, defaultStrategies);
}

export const unleash: Peer = {
  name: "Unleash",
  note: "Client.getVariant",
  split: async (shares) => {
    const everybody = { name: "default", parameters: {}, constraints: [] };
    const client = clientWith(variantsOf(shares), everybody);
    return each((userId) => numberOf(client.getVariant("bench", { userId }).name));
  },
  targeted: async (shares) => {
    const client = clientWith([], {
      name: "flexibleRollout",
      parameters: { rollout: String(LAYER_SHARE * 100), groupId: "layer", ...STICKY },
      constraints: [{ contextName: "country", operator: "IN", values: COUNTRIES }],
      variants: variantsOf(shares),
    });
    const properties = { country: COUNTRY };
    return each((userId) => numberOf(client.getVariant("bench", { userId, properties }).name));
  },
};

/** Only the hash and the choice, without the flag's state and strategies. */
export const bareUnleash: Peer = {
  name: "Unleash",
  note: "selectVariant: hash and choice only",
  split: async (shares) => {
    const flag = { name: "bench", variants: variantsOf(shares) };
    return each((userId) => numberOf(selectVariant(flag, { userId })?.name ?? NONE));
  },
  targeted: null,
};
