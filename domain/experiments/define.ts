import { fail, ok, type Result } from "../result.ts";
import { formatWeight, parseWeight, WHOLE } from "./weight.ts";

export type DefinitionError = {
  code: "weights_invalid" | "control_invalid" | "variants_duplicate";
  /** Where in the request, as a JSON pointer. */
  pointer: string;
  detail: string;
};

type VariantRequest = {
  model: string;
  version: number;
  traffic_weight: string;
  is_control: boolean;
};

/** The weights in units, if they sum to exactly 1 and exactly one variant is the control. */
export function checkVariants(
  variants: readonly VariantRequest[],
): Result<number[], DefinitionError> {
  const weights: number[] = [];
  const seen = new Set<string>();
  for (const [index, { model, version, traffic_weight }] of variants.entries()) {
    const pointer = `#/variants/${index}/traffic_weight`;
    const weight = parseWeight(traffic_weight);
    if (!weight.ok) {
      const expected =
        weight.error.code === "weight_too_fine"
          ? "at most 12 decimals"
          : 'a decimal string from "0" to "1", such as "0.1"';
      return fail({
        code: "weights_invalid",
        pointer,
        detail: `expected ${expected}, found "${traffic_weight}"`,
      });
    }
    weights.push(weight.value);
    const bound = `${model}@${version}`;
    if (seen.has(bound)) {
      const detail = `version ${version} of model '${model}' is bound to two variants; an experiment compares different versions`;
      return fail({ code: "variants_duplicate", pointer: `#/variants/${index}`, detail });
    }
    seen.add(bound);
  }

  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total !== WHOLE) {
    const detail = `the traffic weights must sum to exactly 1; these sum to ${formatTotal(total)}`;
    return fail({ code: "weights_invalid", pointer: "#/variants", detail });
  }
  const controls = variants.filter((variant) => variant.is_control).length;
  if (controls !== 1) {
    const detail = `exactly one variant must have is_control true; ${controls === 0 ? "none has" : `${controls} have`}`;
    return fail({ code: "control_invalid", pointer: "#/variants", detail });
  }
  return ok(weights);
}

const formatTotal = (units: number): string => {
  const fraction = formatWeight(units % WHOLE).slice(1);
  return `${Math.floor(units / WHOLE)}${fraction}`;
};
