import type { Node } from "../model.ts";
import { floatTensor } from "../tensors.ts";
import { byteTensor, type ByteType } from "./affine.ts";
import type { Constants } from "./constants.ts";
import type { NodeWriter } from "./node-writer.ts";
import { quantiseWeight } from "./quantise-weight.ts";
import { EMBEDDING } from "./quantised-operators.ts";

/** A look-up in a constant table of rows. */
export const isEmbedding = (node: Node, constants: Constants): boolean =>
  node.opType === EMBEDDING && constants.has(node.inputs[0]) && constants.rank(node.inputs[0]) >= 2;

/** Looks bytes up and dequantises what was found: the table is never dequantised as a whole. */
export function writeEmbedding(
  writer: NodeWriter,
  node: Node,
  constants: Constants,
  type: ByteType,
): void {
  const [table = "", ...rest] = node.inputs;
  const [output = ""] = node.outputs;
  const quantised = quantiseWeight(table, constants.get(table), { type, symmetric: true });
  const [{ scale, zeroPoint } = { scale: 1, zeroPoint: 0 }] = quantised.affines;
  const bytes = writer.constant(`${table}_table_quantized`, () => quantised.bytes);
  const scaleName = writer.constant(`${table}_table_scale`, () => floatTensor([], [scale]));
  const zeroName = writer.constant(`${table}_table_zero_point`, () =>
    byteTensor(type, [], () => zeroPoint),
  );
  const found = writer.fresh(`${output}_quantized`);
  writer.keep({ ...node, inputs: [bytes, ...rest], outputs: [found] });
  writer.write("DequantizeLinear", [found, scaleName, zeroName], [output]);
}
