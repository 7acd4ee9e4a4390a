import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Result } from "../../../domain/result.ts";
import { readTensorProto, type NamedTensor } from "../../fixtures/onnx-tensor-reader.ts";

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
        readTensorProto(await readFile(join(folder, `${kind}_${i}.pb`))),
      ),
    );
  return { inputs: await read("input"), outputs: await read("output") };
}
