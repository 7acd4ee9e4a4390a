import { DATATYPES } from "../../../domain/inference-protocol/datatypes.ts";
import { ELEMENT_ARRAYS } from "../../../domain/tensors/element-arrays.ts";
import { ELEMENT_TYPES, type Tensor } from "../../../domain/tensors/tensor.ts";
import type { Tensors } from "./bulk-inference.ts";

type DescribedOutput = {
  name: string;
  datatype: string;
  shape: number[];
  parameters: { binary_data_size: number };
};

/** The body of an inference request, as a client of the Open Inference Protocol writes it. */
export function inferRequest(feeds: Tensors, form: "json" | "binary") {
  const chunks: Buffer[] = [];
  const inputs = Object.entries(feeds).map(([name, tensor]) => {
    const described = { name, datatype: DATATYPES[tensor.type], shape: tensor.dims };
    if (form === "json") return { ...described, data: flatData(tensor) };
    const bytes = elementBytes(tensor);
    chunks.push(bytes);
    return { ...described, parameters: { binary_data_size: bytes.length } };
  });
  const json = Buffer.from(JSON.stringify({ inputs }));
  return {
    bytes: Buffer.concat([json, ...chunks]),
    headerLength: form === "json" ? null : String(json.length),
  };
}

/** The outputs in an answer whose outputs are all binary. */
export function readInferAnswer(body: Uint8Array, headerLength: number): Tensors {
  const bytes = Buffer.from(body);
  const { outputs } = JSON.parse(bytes.toString("utf8", 0, headerLength));
  let at = headerLength;
  const tensors = (outputs as DescribedOutput[]).map(({ name, datatype, shape, parameters }) => {
    const from = at;
    at += parameters.binary_data_size;
    return [name, readTensor(datatype, shape, bytes.subarray(from, at))];
  });
  return Object.fromEntries(tensors);
}

function readTensor(datatype: string, dims: number[], bytes: Buffer): Tensor {
  const type = ELEMENT_TYPES.find((name) => DATATYPES[name] === datatype);
  if (type === undefined) throw new Error(`no datatype ${datatype}`);
  if (type !== "string")
    return { type, dims, data: new ELEMENT_ARRAYS[type](new Uint8Array(bytes).buffer) };
  const data: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32LE(at);
    data.push(bytes.toString("utf8", at + 4, end));
    at = end;
  }
  return { type, dims, data };
}

function elementBytes({ data }: Tensor): Buffer {
  if (!Array.isArray(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat(
    data.flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(text));
      return [length, Buffer.from(text)];
    }),
  );
}

function flatData({ type, data }: Tensor): unknown[] {
  if (Array.isArray(data)) return data;
  if (type === "bool") return Array.from(data, Boolean);
  if (type === "int64" || type === "uint64") return Array.from(data, String);
  if (type !== "float16") return Array.from(data, Number);
  return Array.from(new Float16Array(data.buffer, data.byteOffset, data.length));
}
