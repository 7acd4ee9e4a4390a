import { type Client, init } from "@launchdarkly/node-server-sdk";
import { TestData } from "@launchdarkly/node-server-sdk/integrations";
import { apportion } from "../../../../domain/experiments/apportion.ts";
import { type Assign, COUNTRIES, COUNTRY, LAYER_SHARE, type Peer, SILENT } from "./peer.ts";

const TOTAL = 100_000;

const rolloutOf = (shares: readonly number[]) => ({
  variations: apportion(TOTAL, shares).map((weight, variation) => ({ variation, weight })),
});

async function clientWith(flags: readonly object[]): Promise<Client> {
  const data = new TestData();
  for (const flag of flags) await data.usePreconfiguredFlag({ version: 1, on: true, ...flag });
  const client = init("sdk-none", {
    updateProcessor: data.getFactory(),
    sendEvents: false,
    diagnosticOptOut: true,
    logger: SILENT,
  });
  await client.waitForInitialization({ timeout: 5 });
  return client;
}

const assignWith =
  (client: Client, attributes: object): Assign =>
  async (ids) => {
    const variants = new Int32Array(ids.length);
    for (const [index, key] of ids.entries())
      variants[index] = await client.variation("bench", { kind: "user", key, ...attributes }, -1);
    return variants;
  };

export const launchdarkly: Peer = {
  name: "LaunchDarkly",
  note: "await variation",
  split: async (shares) => {
    const variations = shares.map((_, index) => index);
    const fallthrough = { rollout: rolloutOf(shares) };
    const flag = { key: "bench", salt: "bench", variations, fallthrough };
    return assignWith(await clientWith([flag]), {});
  },
  /** It has layers of its own that its test data cannot describe; a prerequisite is what comes near. */
  targeted: async (shares) => {
    const none = shares.length;
    const clause = { attribute: "country", op: "in", values: COUNTRIES, contextKind: "user" };
    const flag = {
      key: "bench",
      salt: "bench",
      variations: [...shares.map((_, index) => index), -1],
      offVariation: none,
      prerequisites: [{ key: "layer", variation: 0 }],
      fallthrough: { variation: none },
      rules: [{ id: "countries", clauses: [clause], rollout: rolloutOf(shares) }],
    };
    const layer = {
      key: "layer",
      salt: "layer",
      variations: [true, false],
      fallthrough: { rollout: rolloutOf([LAYER_SHARE, 1 - LAYER_SHARE]) },
    };
    return assignWith(await clientWith([layer, flag]), { country: COUNTRY });
  },
};
