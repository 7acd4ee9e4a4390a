import { utf8Encode } from "../../text/utf8.ts";
import type { Node, StoredTensor } from "../model.ts";
import { operatorOf } from "../node.ts";
import { storedTensor } from "../stored-tensor.ts";
import { floatTensor, intTensor } from "../tensors.ts";

/** The tensor that a `Constant` node holds, under the name of its output; a sparse one is not read. */
export function constantOfNode(node: Node): StoredTensor | undefined {
  const [output = ""] = node.outputs;
  const [attribute] = node.attributes;
  if (operatorOf(node) !== "Constant" || attribute === undefined) return undefined;
  switch (attribute.kind) {
    case "tensor":
      return { ...attribute.value, name: output };
    case "float":
      return storedTensor(output, floatTensor([], [attribute.value]));
    case "floats":
      return storedTensor(output, floatTensor([attribute.value.length], attribute.value));
    case "int":
      return storedTensor(output, intTensor([attribute.value], []));
    case "ints":
      return storedTensor(output, intTensor(attribute.value));
    case "string":
      return texts(output, [], [attribute.value]);
    case "strings":
      return texts(output, [attribute.value.length], attribute.value);
    default:
      return undefined;
  }
}

const texts = (name: string, dims: readonly number[], values: readonly string[]): StoredTensor => ({
  name,
  type: "string",
  dims,
  payload: { field: "string_data", strings: values.map((text) => utf8Encode(text)) },
});
