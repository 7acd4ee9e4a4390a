import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readTensor } from "../../../domain/onnx/codec/onnx-file.ts";
import { attempt } from "../../../domain/onnx/onnx-fault.ts";
import { elementsOf } from "../../../domain/onnx/stored-tensor.ts";
import { fail, ok, type Result } from "../../../domain/result.ts";
import { isElementType, type Tensor } from "../../../domain/tensors/tensor.ts";

export type NamedTensor = { name: string; tensor: Tensor };
/** Where it is not a tensor of ours: what it is instead. */
export type DataSet = {
  inputs: Result<NamedTensor, string>[];
  outputs: Result<NamedTensor, string>[];
};
/** One test of the archive: a model, and what it is to answer. */
export type OperatorTest = { name: string; model: Uint8Array; sets: DataSet[] };

/** Reads the tests that lie in a folder, in the order of their names. */
export async function readOperatorTests(folder: string): Promise<OperatorTest[]> {
  const names = await readdir(folder);
  return Promise.all(names.sort().map((name) => readOperatorTest(join(folder, name), name)));
}

async function readOperatorTest(folder: string, name: string): Promise<OperatorTest> {
  const sets = (await readdir(folder)).filter((entry) => entry.startsWith("test_data_set_"));
  return {
    name,
    model: await readFile(join(folder, "model.onnx")),
    sets: await Promise.all(sets.sort().map((set) => readDataSet(join(folder, set)))),
  };
}

async function readDataSet(folder: string): Promise<DataSet> {
  const files = await readdir(folder);
  const read = (kind: string) =>
    Promise.all(
      Array.from({ length: files.filter((file) => file.startsWith(kind)).length }, async (_, i) =>
        namedTensor(await readFile(join(folder, `${kind}_${i}.pb`))),
      ),
    );
  return { inputs: await read("input"), outputs: await read("output") };
}

/** A sequence or an optional value has its name where a tensor has its dims, and so too few elements. */
function namedTensor(bytes: Uint8Array): Result<NamedTensor, string> {
  const read = attempt((): Result<NamedTensor, string> => {
    const stored = readTensor(bytes);
    if (!isElementType(stored.type)) return fail(stored.type);
    return ok({ name: stored.name ?? "", tensor: elementsOf(stored) });
  });
  return read.ok ? read.value : fail("a sequence or an optional value");
}
