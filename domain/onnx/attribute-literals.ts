import type { Tensor } from "../tensors/tensor.ts";
import type { Attribute, AttributeValue, Graph } from "./model.ts";
import { storedTensor } from "./stored-tensor.ts";

/** Plain values for attributes; what kind a number has is known by the attribute's name. */
export type AttributeLiterals = Readonly<
  Record<
    string,
    number | string | readonly number[] | readonly string[] | Tensor | Graph | undefined
  >
>;

/**
 * The attributes of ONNX and ONNX-ML that are floats; every other number is an int. Only `seed` (an
 * int in Dropout, else a float) and what old versions had cannot be told by the name: they are ints.
 */
const FLOATS = new Set(
  "activation_alpha activation_beta alpha base_values beta bias class_weights clip coefficients cubic_coeff_a decay_factor default_float epsilon extrapolation_value gamma height_scale high imputed_value_floats intercepts kernel_params keys_floats lambd low max mean min momentum nodes_hitrates nodes_values norm_coefficient norm_coefficient_post offset prob_a prob_b ratio replaced_value_float rho scale scales softcap spatial_scale support_vectors target_weights threshold value_float value_floats values_floats weights width_scale".split(
    " ",
  ),
);

/** Attributes in the order given; `undefined` leaves one out. */
export const attributesOf = (literals: AttributeLiterals): Attribute[] =>
  Object.entries(literals).flatMap(([name, literal]) =>
    literal === undefined ? [] : [{ name, ...valueOf(name, literal) }],
  );

function valueOf(
  name: string,
  literal: Exclude<AttributeLiterals[string], undefined>,
): AttributeValue {
  if (typeof literal === "string") return { kind: "string", value: literal };
  if (typeof literal === "number")
    return { kind: FLOATS.has(name) ? "float" : "int", value: literal };
  if (isList(literal)) {
    if (literal.some((element) => typeof element === "string"))
      return { kind: "strings", value: literal as readonly string[] };
    return { kind: FLOATS.has(name) ? "floats" : "ints", value: literal as readonly number[] };
  }
  if ("nodes" in literal) return { kind: "graph", value: literal };
  return { kind: "tensor", value: storedTensor("", literal) };
}

const isList = (value: unknown): value is readonly (number | string)[] => Array.isArray(value);
