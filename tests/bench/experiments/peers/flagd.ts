import { FlagdCore } from "@openfeature/flagd-core";
import { apportion } from "../../../../domain/experiments/apportion.ts";
import { COUNTRIES, COUNTRY, each, LAYER_SHARE, type Peer, SILENT } from "./peer.ts";

/** Weights are whole numbers of any sum up to 2^31 - 1. */
const TOTAL = 1_000_000;

const fractionsOf = (shares: readonly number[]) => ({
  fractional: apportion(TOTAL, shares).map((weight, index) => [`v${index}`, weight]),
});

/** A flag set with the one flag `bench`, in flagd's format. */
export function flagSet(shares: readonly number[], targeting: object): string {
  const variants = Object.fromEntries(shares.map((_, index) => [`v${index}`, index]));
  const flag = { state: "ENABLED", variants: { ...variants, none: -1 }, defaultVariant: "none" };
  return JSON.stringify({ flags: { bench: { ...flag, targeting } } });
}

export const splitFlagSet = (shares: readonly number[]): string =>
  flagSet(shares, fractionsOf(shares));

const layer = {
  "==": [
    {
      fractional: [
        { cat: ["layer", { var: "targetingKey" }] },
        ["in", LAYER_SHARE * 100],
        ["out", 100 - LAYER_SHARE * 100],
      ],
    },
    "in",
  ],
};
const admitted = { and: [{ in: [{ var: "country" }, COUNTRIES] }, layer] };

const flagd = (disableDynamicCodeGeneration: boolean, note: string): Peer => {
  const coreWith = (configuration: string): FlagdCore => {
    const core = new FlagdCore(undefined, SILENT, { disableDynamicCodeGeneration });
    core.setConfigurations(configuration);
    return core;
  };
  return {
    name: "flagd",
    note,
    split: async (shares) => {
      const core = coreWith(splitFlagSet(shares));
      return each(
        (targetingKey) => core.resolveNumberEvaluation("bench", -1, { targetingKey }).value,
      );
    },
    targeted: async (shares) => {
      const core = coreWith(flagSet(shares, { if: [admitted, fractionsOf(shares), "none"] }));
      const country = COUNTRY;
      return each(
        (targetingKey) =>
          core.resolveNumberEvaluation("bench", -1, { targetingKey, country }).value,
      );
    },
  };
};

export const compiledFlagd = flagd(false, "compiled, which Workers forbid");
export const interpretedFlagd = flagd(true, "interpreter, as in a Worker");
