import type { CreateExperiment } from "@linnet/sdk";
import { UsageError } from "./exit-codes.ts";
import { type ModelRef, parseModelRef } from "./model-ref.ts";

export type SpecOptions = {
  name?: string;
  description?: string;
  control?: string;
  challenger?: string[];
  minRequests?: number;
  errorRate?: number;
  latency?: number;
  metric?: string;
  guardrail?: string[];
  minSample?: number;
  confidence?: number;
  consistency?: "strict" | "leased";
  alias?: string;
};

/** A weight is a whole number of these, as exact as on the wire. */
const UNITS = 1_000_000_000_000n;
const DECIMALS = 12;

type Resolve = (ref: ModelRef) => Promise<{ model: string; version: number }>;

/**
 * The variants that the flags name. The control has the weight that the challengers leave.
 * `--challenger wdbc@2=0.1` is a model version and its exact share of the traffic.
 */
export async function variantsOf(
  { control, challenger = [] }: SpecOptions,
  resolve: Resolve,
): Promise<CreateExperiment["variants"] | undefined> {
  if (control === undefined && challenger.length === 0) return undefined;
  if (control === undefined) throw new UsageError("a --challenger needs a --control");
  if (challenger.length === 0) throw new UsageError("a --control needs a --challenger");
  const arms = challenger.map(parseChallenger);
  const left = arms.reduce((rest, { units }) => rest - units, UNITS);
  if (left < 0n) throw new UsageError("the weights of the challengers are more than 1 together");
  const variantOf = async (ref: ModelRef, units: bigint, is_control: boolean) => {
    const { model, version } = await resolve(ref);
    return { model, version, traffic_weight: formatWeight(units), is_control };
  };
  return Promise.all([
    variantOf(parseModelRef(control), left, true),
    ...arms.map(({ ref, units }) => variantOf(ref, units, false)),
  ]);
}

/** What the flags say, over what the file says. */
export function specOf(
  file: Record<string, unknown>,
  options: SpecOptions,
  variants: CreateExperiment["variants"] | undefined,
): CreateExperiment {
  const { name, description, metric, guardrail, minSample, confidence, consistency, alias } =
    options;
  const given = without({
    name,
    description,
    variants,
    primary_metric: metric,
    guardrail_metrics: guardrail,
    minimum_sample_size: minSample,
    confidence_level: confidence,
    consistency,
    alias,
  });
  const rollback = without({
    min_requests: options.minRequests,
    error_rate_threshold: options.errorRate,
    latency_degradation_threshold: options.latency,
  });
  const spec: Record<string, unknown> = { ...file, ...given };
  if (Object.keys(rollback).length > 0)
    spec["rollback"] = Object.assign({}, file["rollback"], rollback);
  if (!isSpec(spec))
    throw new UsageError("an experiment needs --name, --control and --challenger, or a --file");
  return spec;
}

/** Whether there is enough to ask the platform, which checks the rest. */
const isSpec = (spec: Record<string, unknown>): spec is CreateExperiment =>
  spec["name"] !== undefined && spec["variants"] !== undefined;

const without = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

function parseChallenger(text: string): { ref: ModelRef; units: bigint } {
  const [, ref, weight] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (ref === undefined || weight === undefined)
    throw new UsageError(`--challenger ${text}: expected model@version=weight, such as wdbc@2=0.1`);
  return { ref: parseModelRef(ref), units: parseWeight(weight) };
}

function parseWeight(text: string): bigint {
  const [, whole, decimals = ""] = /^([01])(?:\.(\d{1,12}))?$/.exec(text) ?? [];
  const units =
    whole === undefined ? -1n : BigInt(whole) * UNITS + BigInt(decimals.padEnd(DECIMALS, "0"));
  if (units < 0n || units > UNITS)
    throw new UsageError(`'${text}' is not a weight: a decimal from 0 to 1, such as 0.1`);
  return units;
}

function formatWeight(units: bigint): string {
  const decimals = (units % UNITS).toString().padStart(DECIMALS, "0").replace(/0+$/, "");
  return `${units / UNITS}${decimals === "" ? "" : `.${decimals}`}`;
}
