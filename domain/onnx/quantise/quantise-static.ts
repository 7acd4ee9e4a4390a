import { inferModel } from "../infer/infer.ts";
import type { Model } from "../model.ts";
import type { Runtime } from "../runtime.ts";
import { affineOf, rangeOf, union, type Affine, type ByteType, type Range } from "./affine.ts";
import { calibrate, type Batches, type CalibrationOptions } from "./calibrate.ts";
import { Constants, withPlainConstants } from "./constants.ts";
import { chooser, type NodeChoice } from "./node-choice.ts";
import { planStatic, type StaticPlan } from "./plan-static.ts";
import { QdqWriter } from "./qdq-writer.ts";
import type { Quantised } from "./quantise-report.ts";
import type { WeightSettings } from "./quantise-weight.ts";
import { STATIC_OPERATORS } from "./quantised-operators.ts";

export type StaticOptions = NodeChoice &
  Partial<WeightSettings> & {
    activation_type?: ByteType;
    /** Zero in the middle of the activations' range; costs a bit where they are never negative. */
    symmetric_activations?: boolean;
    calibration?: CalibrationOptions;
  };

/** What static quantisation does where an option is left out. */
export const STATIC_DEFAULTS = {
  activation_type: "uint8",
  weight_type: "int8",
  per_channel: true,
  symmetric_activations: false,
  reduce_range: false,
} as const satisfies StaticOptions;

/**
 * The model with 8-bit activations and weights whose scales are fixed beforehand, in the form
 * QuantizeLinear, DequantizeLinear around float operators ("QDQ"), which runtimes replace by
 * kernels of bytes. The ranges of activations come from running the model over `batches`. Inputs
 * and outputs stay float. Throws `OnnxFault` for an opset below 13, for an option that does not fit
 * the model, and for calibration data that is missing or gives values that are not finite.
 */
export async function quantiseStatic(
  runtime: Runtime,
  given: Model,
  batches: Batches,
  options: StaticOptions = {},
): Promise<Quantised> {
  const settings = { ...STATIC_DEFAULTS, ...options };
  const model = withPlainConstants(given);
  const constants = new Constants(model);
  const isChosen = chooser(model, STATIC_OPERATORS, options);
  const clampsForFree = !settings.symmetric_activations;
  const plan = planStatic(model, inferModel(model), constants, isChosen, clampsForFree);
  const calibration = options.calibration ?? { method: "min_max" };
  const ranges = await calibrate(runtime, model, plan.activations, batches, calibration);
  const affines = sharedAffines(plan, ranges, constants, settings);
  const writer = new QdqWriter(model, plan, constants, affines, isChosen, settings);
  return { model: writer.write(), report: writer.report() };
}

/** The affine map of each activation and joined constant, by the name that they share. */
function sharedAffines(
  { activations, constants: joined, scaleOf }: StaticPlan,
  ranges: ReadonlyMap<string, Range>,
  constants: Constants,
  settings: { activation_type: ByteType; symmetric_activations: boolean },
): Map<string, Affine> {
  const shared = new Map<string, Range>();
  const widen = (tensor: string, range: Range): void => {
    const root = scaleOf(tensor);
    shared.set(root, union(shared.get(root) ?? range, range));
  };
  for (const tensor of activations) widen(tensor, ranges.get(tensor) ?? { min: 0, max: 0 });
  for (const tensor of joined) widen(tensor, rangeOf(constants.get(tensor).data));
  const symmetric = settings.symmetric_activations;
  return new Map(
    [...shared].map(([root, range]) => [
      root,
      affineOf(range, settings.activation_type, { symmetric }),
    ]),
  );
}
