import { readFile, writeFile } from "node:fs/promises";
import { format, resolveConfig } from "prettier";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { checkModel } from "../../domain/onnx/check-model.ts";
import { readModel, writeModel } from "../../domain/onnx/codec/onnx-file.ts";
import { convertOpset } from "../../domain/onnx/convert-opset.ts";
import { OnnxFault } from "../../domain/onnx/onnx-fault.ts";
import { summarise } from "../../domain/onnx/summarise.ts";
import { deepCopy } from "../fixtures/deep-copy.ts";
import { readOperatorTests, type OperatorTest } from "./support/operator-tests.ts";
import { checkInference, checkInterpreter, type Check } from "./support/toolkit.ts";

const folder = inject("operatorTests");
const FILE = "tests/conformance/toolkit-expected.json";

/** How many tests pass, and how many are passed over for what reason. */
type Coverage = { passed: number; skipped: Record<string, number> };

describe.skipIf(folder === null)("ONNX's operator tests through the toolkit", () => {
  let tests: OperatorTest[];

  beforeAll(async () => {
    tests = await readOperatorTests(folder ?? "");
  });

  test("there are as many as are known", () => {
    expect(tests).toHaveLength(1802);
  });

  test("every model is written with the bytes that it was read from", () => {
    expect(failing((file) => isSame(writeModel(readModel(file)), file))).toEqual([]);
  });

  test("every model is written with the same bytes from a copy that remembers none", () => {
    expect(failing((file) => isSame(writeModel(deepCopy(readModel(file))), file))).toEqual([]);
  });

  test("the checker finds no problem in any", () => {
    expect(failing((file) => checkModel(readModel(file)).length === 0)).toEqual([]);
  });

  test("every model has a summary", () => {
    expect(failing((file) => summarise(readModel(file)).nodes.length > 0)).toEqual([]);
  });

  test("inference and the interpreter are never wrong, and cover what they did (UPDATE_CONFORMANCE=1 rewrites)", async () => {
    const found = {
      inference: coverageOf(checkInference, tests),
      interpreter: coverageOf(checkInterpreter, tests),
    };
    if (process.env["UPDATE_CONFORMANCE"] === "1") await write(found);
    expect(found).toEqual(JSON.parse(await readFile(FILE, "utf8")));
  });

  test.each([18, 21, 25])("converted to version %i, the models compute what they did", (target) => {
    const wrong: string[] = [];
    let converted = 0;
    for (const one of tests) {
      const file = convertedTo(one.model, target);
      if (file === null || checkInterpreter(one) !== null) continue;
      const [problem] = checkModel(readModel(file));
      if (problem !== undefined) wrong.push(`${one.name}: ${problem.message}`);
      const check = checkInterpreter({ ...one, model: file });
      if (check !== null) wrong.push(`${one.name}: ${JSON.stringify(check)}`);
      converted += 1;
    }
    expect(wrong).toEqual([]);
    expect(converted).toBeGreaterThan(500);
  });

  const failing = (isRight: (file: Uint8Array) => boolean): string[] =>
    tests.filter(({ model }) => !isRight(model)).map(({ name }) => name);
});

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b);

/** Null for a model that uses no older operators, and for the one that no newer version can say. */
function convertedTo(file: Uint8Array, target: number): Uint8Array | null {
  const model = readModel(file);
  const version = model.opsets.find(({ domain = "" }) => domain === "")?.version ?? target;
  if (version >= target) return null;
  try {
    return writeModel(convertOpset(model, target));
  } catch (error) {
    if (!(error instanceof OnnxFault)) throw error;
    expect(error.problem).toMatchObject({ code: "unsupported", operator: "Scan" });
    return null;
  }
}

function coverageOf(check: (one: OperatorTest) => Check, tests: readonly OperatorTest[]): Coverage {
  const skipped = new Map<string, number>();
  const wrong: string[] = [];
  for (const one of tests) {
    const result = check(one);
    if (result === null) continue;
    if ("wrong" in result) wrong.push(`${one.name}: ${result.wrong}`);
    else skipped.set(result.skipped, (skipped.get(result.skipped) ?? 0) + 1);
  }
  expect(wrong).toEqual([]);
  const passed = tests.length - [...skipped.values()].reduce((sum, count) => sum + count, 0);
  const reasons = [...skipped].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { passed, skipped: Object.fromEntries(reasons) };
}

async function write(found: Record<string, Coverage>): Promise<void> {
  const style = await resolveConfig(FILE);
  await writeFile(FILE, await format(JSON.stringify(found), { ...style, filepath: FILE }));
}
