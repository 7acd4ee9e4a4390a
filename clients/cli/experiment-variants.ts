import type { CreateExperiment } from "@linnet/sdk";
import { UsageError } from "./exit-codes.ts";
import { type ModelRef, parseModelRef } from "./model-ref.ts";
import { formatWeight, parseNamedWeight, parseWeight, WHOLE } from "./weight-text.ts";

export type VariantOptions = {
  control?: string;
  challenger?: string[];
  /** A weight, or true where something else says the weights. */
  baseline?: string | true;
};

type Resolve = (ref: ModelRef) => Promise<{ model: string; version: number }>;
type Arm = { ref: ModelRef; units: bigint | null };

/**
 * The variants that the flags name. The control has the weight that the others leave.
 * `--challenger wdbc@2=0.1` is a model version and its exact share of the traffic; where
 * `weightless`, something else says the weights.
 */
export async function variantsOf(
  { control, challenger = [], baseline }: VariantOptions,
  resolve: Resolve,
  weightless = false,
): Promise<CreateExperiment["variants"] | undefined> {
  if (control === undefined && challenger.length === 0 && baseline === undefined) return undefined;
  if (control === undefined) throw new UsageError("a --challenger needs a --control");
  if (challenger.length === 0) throw new UsageError("a --control needs a --challenger");
  const arms = challenger.map(parseChallenger);
  const ref = parseModelRef(control);
  const second: Arm | null =
    baseline === undefined
      ? null
      : { ref, units: baseline === true ? null : parseWeight(baseline) };
  const left = weightOfControl(second ? [...arms, second] : arms, weightless);
  const variantOf = async (
    { ref, units }: Arm,
    role: { is_control?: true; is_baseline?: true },
  ) => {
    const { model, version } = await resolve(ref);
    const weight = units === null ? {} : { traffic_weight: formatWeight(units) };
    return { model, version, ...weight, is_control: false, ...role };
  };
  return Promise.all([
    variantOf({ ref, units: left }, { is_control: true }),
    ...(second ? [variantOf(second, { is_baseline: true })] : []),
    ...arms.map((arm) => variantOf(arm, {})),
  ]);
}

/** What the others leave, or null where none of them has a weight. */
function weightOfControl(others: readonly Arm[], weightless: boolean): bigint | null {
  const weights = others.flatMap(({ units }) => (units === null ? [] : [units]));
  if (weights.length === 0 && weightless) return null;
  if (weights.length < others.length)
    throw new UsageError(
      weightless
        ? "give every --challenger and --baseline a weight, or none of them"
        : "a --challenger needs a weight, such as wdbc@2=0.1, except with --step, --bandit or --import",
    );
  const left = weights.reduce((rest, units) => rest - units, WHOLE);
  if (left < 0n) throw new UsageError("the weights of the challengers are more than 1 together");
  return left;
}

function parseChallenger(text: string): Arm {
  if (!text.includes("=")) return { ref: parseModelRef(text), units: null };
  const { name, units } = parseNamedWeight(text);
  return { ref: parseModelRef(name), units };
}
