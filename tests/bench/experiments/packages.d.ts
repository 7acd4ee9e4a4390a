/**
 * What the benchmark uses of its peers. Declared here, as they are installed for the benchmark
 * only and types are checked without them.
 */
declare module "@growthbook/growthbook" {
  type User = { attributes: Record<string, unknown> };
  export class GrowthBookClient {
    initSync(options: { payload: object }): void;
    getFeatureValue(key: string, fallback: number, user: User): number;
  }
}
declare module "@openfeature/flagd-core" {
  export class FlagdCore {
    constructor(
      storage: undefined,
      logger: object,
      options: { disableDynamicCodeGeneration: boolean },
    );
    setConfigurations(configuration: string): string[];
    resolveNumberEvaluation(key: string, fallback: number, context: object): { value: number };
  }
}
declare module "unleash-client/lib/client.js" {
  type Repository = { getToggle: (name: string) => object; getSegment: () => undefined };
  class UnleashClient {
    constructor(repository: Repository, strategies: object[]);
    getVariant(name: string, context: object): { name: string };
  }
  const commonJs: { default: typeof UnleashClient };
  export default commonJs;
}
declare module "unleash-client/lib/strategy/index.js" {
  export const defaultStrategies: object[];
}
declare module "unleash-client/lib/variant.js" {
  export function selectVariant(
    feature: { name: string; variants: object[] },
    context: object,
  ): { name: string } | null;
}
declare module "@eppo/js-client-sdk-common" {
  export class MemoryOnlyConfigurationStore {
    setEntries(entries: Record<string, object>): Promise<boolean>;
  }
  export class EppoClient {
    constructor(options: { flagConfigurationStore: MemoryOnlyConfigurationStore });
    getIntegerAssignment(
      key: string,
      subject: string,
      attributes: object,
      fallback: number,
    ): number;
  }
}
declare module "@launchdarkly/node-server-sdk" {
  export type Client = {
    waitForInitialization(options: { timeout: number }): Promise<unknown>;
    variation(key: string, context: object, fallback: number): Promise<number>;
    close(): void;
  };
  export function init(key: string, options: object): Client;
}
declare module "@launchdarkly/node-server-sdk/integrations" {
  export class TestData {
    getFactory(): object;
    usePreconfiguredFlag(flag: object): Promise<unknown>;
  }
}
declare module "jstat" {
  const jStat: {
    ztest(z: number, sides: 1 | 2): number;
    ttest(t: number, size: number, sides: 1 | 2): number;
    chisquare: { cdf(x: number, df: number): number };
    beta: { cdf(x: number, a: number, b: number): number };
  };
  export default jStat;
}
declare module "simple-statistics" {
  export function cumulativeStdNormalProbability(z: number): number;
}
