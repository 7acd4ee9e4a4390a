import { fail, ok, type Result } from "../result.ts";
import { apportion } from "./apportion.ts";
import { type BanditPolicy, checkBanditPolicy } from "./bandit.ts";
import { type ForeignSplit, importedLedger } from "./foreign/imported-ledger.ts";
import type { HashScheme } from "./foreign-hash.ts";
import { type Ledger, weightsOf } from "./ledger.ts";
import { lowerIsBetter } from "./metric.ts";
import { checkRampPlan, type RampPlan, rampWeights } from "./ramp.ts";
import type { AllocationStrategy } from "./experiment.ts";
import { formatWeight, parseWeight, WHOLE } from "./weight.ts";

export type DefinitionError = {
  code:
    | "weights_invalid"
    | "control_invalid"
    | "variants_duplicate"
    | "ramp_invalid"
    | "bandit_invalid"
    | "split_invalid"
    | "allocation_invalid";
  /** Where in the request, as a JSON pointer. */
  pointer: string;
  detail: string;
};

type VariantRequest = {
  model: string;
  version: number;
  traffic_weight?: string | undefined;
  is_control: boolean;
  is_baseline: boolean;
};

/** Allocation as it is asked for: weights as decimal strings, times in seconds. */
export type AllocationRequest = {
  variants: readonly VariantRequest[];
  allocation_strategy: AllocationStrategy;
  primary_metric: string;
  ramp?:
    | {
        steps: {
          weight: string;
          hold_seconds: number;
          minimum_outcomes: number;
          approval: boolean;
        }[];
        on_degradation: RampPlan["on_degradation"];
      }
    | undefined;
  bandit?:
    | {
        metric?: string | undefined;
        objective?: BanditPolicy["objective"] | undefined;
        algorithm: BanditPolicy["algorithm"];
        minimum_share: string;
      }
    | undefined;
  split?: ForeignSplit | undefined;
};

export type Allocation = {
  /** Units of 10^-12 by variant, with which the experiment starts. */
  weights: number[];
  ramp: RampPlan | null;
  bandit: BanditPolicy | null;
  hash: HashScheme;
  imported: Ledger | null;
};

type Checked<T> = Result<T, DefinitionError>;
const refuse = (
  code: DefinitionError["code"],
  pointer: string,
  detail: string,
): Result<never, DefinitionError> => fail({ code, pointer, detail });

/** What an experiment starts with, if its variants and its strategy fit together. */
export function planAllocation(request: AllocationRequest): Checked<Allocation> {
  const { variants, allocation_strategy: strategy, ramp, bandit, split } = request;
  const arms = checkArms(variants);
  if (!arms.ok) return arms;
  if ((strategy === "ramping") !== (ramp !== undefined))
    return refuse("allocation_invalid", "#/ramp", "`ramping` has a ramp, and nothing else has one");
  if (bandit !== undefined && strategy !== "mab")
    return refuse("allocation_invalid", "#/bandit", "only `mab` has a bandit");
  if (split && strategy !== "percentage")
    return refuse("allocation_invalid", "#/import", "only `percentage` can take over a split");
  const plain = {
    ramp: null,
    bandit: null,
    hash: { algorithm: "linnet" },
    imported: null,
  } as const;
  if (ramp) return planRamp(variants, ramp, plain);
  if (strategy === "mab") return planBandit(request, plain);
  if (split) return planImport(variants, split, plain);
  const weights = checkWeights(variants);
  return weights.ok ? ok({ ...plain, weights: weights.value }) : weights;
}

type Plain = Omit<Allocation, "weights">;

function planRamp(
  variants: readonly VariantRequest[],
  asked: NonNullable<AllocationRequest["ramp"]>,
  plain: Plain,
): Checked<Allocation> {
  const given = variants.findIndex(({ traffic_weight }) => traffic_weight !== undefined);
  if (given !== -1)
    return refuse(
      "weights_invalid",
      `#/variants/${given}/traffic_weight`,
      "leave it out: a ramp's steps say the weights",
    );
  const steps: RampPlan["steps"] = [];
  for (const [index, { weight, hold_seconds, ...step }] of asked.steps.entries()) {
    const parsed = readWeight(weight, `#/ramp/steps/${index}/weight`);
    if (!parsed.ok) return parsed;
    steps.push({ ...step, weight: parsed.value, hold_ms: hold_seconds * 1000 });
  }
  const ramp = checkRampPlan({ steps, on_degradation: asked.on_degradation }, variants);
  if (!ramp.ok) return ramp;
  return ok({ ...plain, ramp: ramp.value, weights: rampWeights(ramp.value, 0, variants) });
}

function planBandit(
  { variants, bandit, primary_metric }: AllocationRequest,
  plain: Plain,
): Checked<Allocation> {
  const floor = readWeight(bandit?.minimum_share ?? "0.01", "#/bandit/minimum_share");
  if (!floor.ok) return floor;
  const metric = bandit?.metric ?? primary_metric;
  const objective = bandit?.objective ?? (lowerIsBetter(metric) ? "minimize" : "maximize");
  const algorithm = bandit?.algorithm ?? "thompson";
  const policy = { metric, objective, algorithm, minimum_share: floor.value };
  const checked = checkBanditPolicy(policy, variants.length);
  if (!checked.ok) return checked;
  const unstated = variants.every(({ traffic_weight }) => traffic_weight === undefined);
  const equal = apportion(
    WHOLE,
    variants.map(() => 1),
  );
  const weights = unstated ? ok(equal) : checkWeights(variants);
  return weights.ok ? ok({ ...plain, bandit: policy, weights: weights.value }) : weights;
}

function planImport(
  variants: readonly VariantRequest[],
  split: ForeignSplit,
  plain: Plain,
): Checked<Allocation> {
  if (split.weights.length !== variants.length)
    return refuse(
      "split_invalid",
      "#/import/weights",
      `expected ${variants.length} weights, one a variant, found ${split.weights.length}`,
    );
  const given = variants.findIndex(({ traffic_weight }) => traffic_weight !== undefined);
  if (given !== -1)
    return refuse(
      "weights_invalid",
      `#/variants/${given}/traffic_weight`,
      "leave it out: the imported split says the weights",
    );
  const control = variants.findIndex(({ is_control }) => is_control);
  const imported = importedLedger({ ...split, ...("flag_key" in split ? {} : { control }) });
  if (!imported.ok) return refuse("split_invalid", "#/import", imported.error.detail);
  const { hash, ledger } = imported.value;
  return ok({ ...plain, hash, imported: ledger, weights: weightsOf(ledger, variants.length) });
}

/** Exactly one control, at most one baseline of the control's version, and no version twice else. */
function checkArms(variants: readonly VariantRequest[]): Checked<null> {
  const controls = variants.filter((variant) => variant.is_control).length;
  if (controls !== 1) {
    const detail = `exactly one variant must have is_control true; ${controls === 0 ? "none has" : `${controls} have`}`;
    return refuse("control_invalid", "#/variants", detail);
  }
  const bound = ({ model, version }: VariantRequest): string => `${model}@${version}`;
  const control = variants.find(({ is_control }) => is_control);
  const seen = new Set<string>();
  for (const [index, variant] of variants.entries()) {
    const pointer = `#/variants/${index}`;
    const { model, version, is_baseline, is_control } = variant;
    if (is_baseline) {
      if (is_control || variants.filter((other) => other.is_baseline).length > 1)
        return refuse("control_invalid", pointer, "one variant besides the control is a baseline");
      if (control && bound(variant) !== bound(control))
        return refuse("control_invalid", pointer, "a baseline has the control's model and version");
      continue;
    }
    if (seen.has(bound(variant))) {
      const detail = `version ${version} of model '${model}' is bound to two variants; an experiment compares different versions`;
      return refuse("variants_duplicate", pointer, detail);
    }
    seen.add(bound(variant));
  }
  return ok(null);
}

/** The weights in units, if they sum to exactly 1. */
function checkWeights(variants: readonly VariantRequest[]): Checked<number[]> {
  const weights: number[] = [];
  for (const [index, { traffic_weight }] of variants.entries()) {
    const weight = readWeight(traffic_weight, `#/variants/${index}/traffic_weight`);
    if (!weight.ok) return weight;
    weights.push(weight.value);
  }
  return sumToOne(weights, "#/variants");
}

/** The weights, if they sum to exactly 1. */
export function sumToOne(weights: number[], pointer: string): Checked<number[]> {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === WHOLE) return ok(weights);
  const detail = `the traffic weights must sum to exactly 1; these sum to ${formatTotal(total)}`;
  return refuse("weights_invalid", pointer, detail);
}

/** A weight as units of 10^-12, or what is wrong with it. */
export function readWeight(text: string | undefined, pointer: string): Checked<number> {
  if (text === undefined)
    return refuse("weights_invalid", pointer, 'expected a decimal string, such as "0.1"');
  const weight = parseWeight(text);
  if (weight.ok) return weight;
  const expected =
    weight.error.code === "weight_too_fine"
      ? "at most 12 decimals"
      : 'a decimal string from "0" to "1", such as "0.1"';
  return refuse("weights_invalid", pointer, `expected ${expected}, found "${text}"`);
}

const formatTotal = (units: number): string => {
  const fraction = formatWeight(units % WHOLE).slice(1);
  return `${Math.floor(units / WHOLE)}${fraction}`;
};
