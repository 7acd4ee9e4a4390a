import { execFile } from "node:child_process";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { buildInference } from "../../fixtures/built-inference.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of the unpacked operator tests; null where there are none. */
    operatorTests: string | null;
    /** The folder of the inference Worker as it was built for this suite. */
    builtInference: string;
  }
}

/**
 * ONNX's own operator tests (Apache-2.0, https://github.com/onnx/onnx), packed as a folder `node`
 * of a folder per test. They are no part of the repository.
 */
const ARCHIVE = resolve("../shared/conformance/onnx-node-tests.tar.xz");
const BUILT = "dist/tests/conformance";

/** Unpacks the operator tests and builds the Worker, or says why the suite is skipped. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "linnet-conformance-"));
  const problem = await unpack(folder);
  if (problem === null) await buildInference(BUILT);
  else console.warn(`\nThe conformance suite is SKIPPED: ${problem}\n`);
  provide("operatorTests", problem === null ? join(folder, "node") : null);
  provide("builtInference", BUILT);
  return () => rm(folder, { recursive: true });
}

/** Why the archive could not be unpacked, or null. */
async function unpack(folder: string): Promise<string | null> {
  try {
    await access(ARCHIVE);
  } catch {
    return `the ONNX operator tests are not at ${ARCHIVE}.`;
  }
  try {
    await promisify(execFile)("tar", ["-xf", ARCHIVE, "-C", folder]);
    return null;
  } catch (error) {
    return `tar could not unpack ${ARCHIVE} (${String(error).trim()}).`;
  }
}
