// Only benchmarks install these packages; the checks read what is used of them here.

declare module "onnx-buf" {
  export const ModelProtoSchema: unique symbol;
}

declare module "@bufbuild/protobuf" {
  export function fromBinary(schema: symbol, bytes: Uint8Array): object;
  export function toBinary(schema: symbol, message: object): Uint8Array;
}
