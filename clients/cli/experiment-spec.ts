import type { CreateExperiment } from "@linnet/sdk";
import { parseDuration } from "./duration.ts";
import { UsageError } from "./exit-codes.ts";
import type { VariantOptions } from "./experiment-variants.ts";
import { parseStep } from "./ramp-step.ts";
import { formatWeight, parseNamedWeight } from "./weight-text.ts";

type Policy = NonNullable<CreateExperiment["rollback"]>;

export type SpecOptions = VariantOptions & {
  name?: string;
  description?: string;
  flagKey?: string;
  metric?: string;
  guardrail?: string[];
  minSample?: number;
  confidence?: number;
  consistency?: "strict" | "leased";
  lease?: number;
  alias?: string;
  step?: string[];
  onDegradation?: "hold" | "reverse" | "rollback";
  /** A metric, or true for the primary one. */
  bandit?: string | true;
  objective?: "maximize" | "minimize";
  algorithm?: "thompson" | "top_two";
  minimumShare?: string;
  layer?: string;
  holdout?: string;
  maxRequests?: number;
  maxErrors?: number;
  rule?: NonNullable<Policy["rule"]>;
  falseRollbackRate?: number;
  minRequests?: number;
  errorRate?: number;
  errorGrowth?: number;
  latency?: number;
  margin?: string[];
  compareWith?: NonNullable<Policy["compare_with"]>;
  approval?: boolean;
  coolDown?: number;
  noData?: string;
};

/** What has been read from files or as JSON. */
export type SpecParts = {
  variants?: CreateExperiment["variants"] | undefined;
  targeting?: Record<string, unknown> | undefined;
  split?: Record<string, unknown> | undefined;
};

/** What the flags say, over what the file says. */
export function specOf(
  file: Record<string, unknown>,
  options: SpecOptions,
  { variants, targeting, split }: SpecParts,
): CreateExperiment {
  const { name, description, metric, guardrail, minSample, confidence } = options;
  const ramp = rampOf(options);
  const bandit = banditOf(options);
  const given = without({
    name,
    description,
    flag_key: options.flagKey,
    variants,
    allocation_strategy: (ramp && "ramping") ?? (bandit && "mab"),
    import: split,
    targeting,
    layer: options.layer === undefined ? undefined : layerOf(options.layer),
    holdout: options.holdout,
    primary_metric: metric,
    guardrail_metrics: guardrail,
    minimum_sample_size: minSample,
    confidence_level: confidence,
    consistency: options.consistency,
    lease_ms: options.lease,
    alias: options.alias,
  });
  const spec: Record<string, unknown> = { ...file, ...given };
  const parts = { ramp, bandit, rollback: rollbackOf(options), budget: budgetOf(options) };
  for (const [member, part] of Object.entries(parts))
    if (part) spec[member] = Object.assign({}, file[member], part);
  if (!isSpec(spec))
    throw new UsageError("an experiment needs --name, --control and --challenger, or a --file");
  return spec;
}

/** Whether something else than the variants says the weights. */
export const isWeightless = (file: Record<string, unknown>, options: SpecOptions): boolean =>
  [options.step, options.bandit, file["ramp"], file["bandit"], file["import"]].some(
    (part) => part !== undefined,
  ) || file["allocation_strategy"] === "mab";

/** Whether there is enough to ask the platform, which checks the rest. */
const isSpec = (spec: Record<string, unknown>): spec is CreateExperiment =>
  spec["name"] !== undefined && spec["variants"] !== undefined;

const without = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/** Undefined where no member is given. */
function partOf(values: Record<string, unknown>): Record<string, unknown> | undefined {
  const given = without(values);
  return Object.keys(given).length === 0 ? undefined : given;
}

const rampOf = ({ step, onDegradation }: SpecOptions) =>
  partOf({ steps: step?.map(parseStep), on_degradation: onDegradation });

function banditOf({ bandit, objective, algorithm, minimumShare }: SpecOptions) {
  const given = { objective, algorithm, minimum_share: minimumShare };
  if (bandit === undefined) {
    if (partOf(given))
      throw new UsageError("--objective, --algorithm and --minimum-share belong to --bandit");
    return undefined;
  }
  return without({ ...given, metric: bandit === true ? undefined : bandit });
}

const budgetOf = ({ maxRequests, maxErrors }: SpecOptions) =>
  partOf({ max_requests: maxRequests, max_errors: maxErrors });

const rollbackOf = (options: SpecOptions) =>
  partOf({
    rule: options.rule,
    false_rollback_rate: options.falseRollbackRate,
    min_requests: options.minRequests,
    error_rate_threshold: options.errorRate,
    error_degradation_threshold: options.errorGrowth,
    latency_degradation_threshold: options.latency,
    guardrail_margins:
      options.margin === undefined ? undefined : Object.fromEntries(options.margin.map(marginOf)),
    compare_with: options.compareWith,
    mode: options.approval === true ? "approval" : undefined,
    cool_down_seconds: options.coolDown,
    no_data: options.noData === undefined ? undefined : noDataOf(options.noData),
  });

function layerOf(text: string): { name: string; share: string } {
  const { name, units } = parseNamedWeight(text);
  return { name, share: formatWeight(units) };
}

function marginOf(text: string): [string, number] {
  const [metric = "", margin = "", ...more] = text.split("=");
  if (metric === "" || more.length > 0 || margin.trim() === "" || !Number.isFinite(Number(margin)))
    throw new UsageError(`--margin ${text}: expected metric=share, such as latency_p99_ms=0.1`);
  return [metric, Number(margin)];
}

function noDataOf(text: string): NonNullable<Policy["no_data"]> {
  const [time = "", action = ""] = text.split("=");
  const after_seconds = parseDuration(time);
  if (after_seconds === null || !(action === "hold" || action === "pause" || action === "rollback"))
    throw new UsageError(
      `--no-data ${text}: expected time=hold|pause|rollback, such as 1h=rollback`,
    );
  return { after_seconds, action };
}
