import { countOf } from "../../tensors/tensor.ts";
import type { OnnxType, Payload, StoredTensor } from "../model.ts";
import type { OnnxPlace } from "../onnx-fault.ts";
import { bitsOf } from "../stored-tensor.ts";
import type { Problems } from "./problems.ts";

type Field = Payload["field"];

/** Fields that hold one kind of element each; every other numeric type is in int32_data. */
const OWN_FIELD: Partial<Record<OnnxType, Field>> = {
  float32: "float_data",
  complex64: "float_data",
  float64: "double_data",
  complex128: "double_data",
  int64: "int64_data",
  uint64: "uint64_data",
  uint32: "uint64_data",
  string: "string_data",
};

/** Whether the elements of a tensor lie in a field for their type and are as many as its dims say. */
export function checkTensor(stored: StoredTensor, place: OnnxPlace, problems: Problems): void {
  const { type, dims, payload, name = "" } = stored;
  const at = { ...place, tensor: name };
  if (type === "undefined") {
    problems.add(`'${name}' does not say what type its elements have`, at);
    return;
  }
  const expected = countOf(dims);
  if (payload === undefined) {
    if (expected > 0) problems.add(`'${name}' has no elements, and ${expected} are declared`, at);
    return;
  }
  const own = OWN_FIELD[type] ?? "int32_data";
  if (payload.field !== own && (payload.field !== "raw_data" || type === "string")) {
    problems.add(`'${name}' holds ${type} in ${payload.field}; it belongs in ${own}`, at);
    return;
  }
  const [stored_units, declared_units, unit] = unitsOf(type, expected, payload);
  if (stored_units !== declared_units)
    problems.add(
      `'${name}' has ${stored_units} ${unit} where [${dims.join(", ")}] of ${type} asks for ${declared_units}`,
      at,
    );
}

/** How much there is, how much there is to be, and of what. */
function unitsOf(type: OnnxType, count: number, payload: Payload): [number, number, string] {
  const bytes = Math.ceil((count * bitsOf(type)) / 8);
  switch (payload.field) {
    case "string_data":
      return [payload.strings.length, count, "texts"];
    case "raw_data":
    case "float_data":
    case "double_data":
      return [payload.bytes.length, bytes, "bytes"];
    default: {
      // Elements of less than a byte lie side by side in one number.
      const numbers = bitsOf(type) < 8 ? bytes : count;
      return [
        payload.bytes.reduce((ends, byte) => ends + (byte < 128 ? 1 : 0), 0),
        numbers,
        "numbers",
      ];
    }
  }
}
