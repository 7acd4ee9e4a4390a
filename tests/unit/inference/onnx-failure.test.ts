import { describe, expect, test } from "vitest";
import {
  isOutOfMemory,
  openFailure,
  readableReason,
} from "../../../workers/shared/onnx-failure.ts";

// Texts of ONNX Runtime 1.30, as models made with the `onnx` Python package drew them out.
const BUILD = "/mnt/azure_nvme_temp/_work/1/s/onnxruntime/core";

describe("openFailure", () => {
  test.each([
    ["Fatal error: com.foo:Bar(-1) is not a registered function/op", "com.foo:Bar"],
    ["No Op registered for Frobnicate with domain_version of 17", "Frobnicate"],
    ["Could not find an implementation for Identity(21) node with name ''", "Identity"],
    [
      "Failed to find kernel for Cast(25) (node:'' ep:'CPUExecutionProvider'). Op with name () domain () and type (Cast) kernel is not supported in CPUExecutionProvider.",
      "Cast",
    ],
    [
      `${BUILD}/graph/model_load_utils.h:56 void onnxruntime::ValidateOpsetForDomain(const std::string &, int) ONNX Runtime only *guarantees* support for models stamped with official released onnx opset versions. Opset 99 is under development and support for this is limited. Current official support for domain ai.onnx is till opset 26.\n`,
      "ai.onnx opset 99",
    ],
  ])("%s", (message, operator) => {
    expect(openFailure(message)).toMatchObject({ code: "model_operator_unsupported", operator });
  });

  test.each([
    "Failed to load model because protobuf parsing failed.",
    "No graph was found in the protobuf.",
    "[ShapeInferenceError] 'axis' must be in [-2 , 1]. Its actual value is: 7",
    'Deserialize tensor w failed.Failed to load external data file ""ext.bin"", error: Module.MountedFiles is not available.',
  ])("%s", (reason) => {
    expect(openFailure(reason)).toEqual({ code: "model_invalid", reason });
  });
});

describe("readableReason", () => {
  test("drops paths and signatures wherever they stand", () => {
    const place = `${BUILD}/tensor/reshape_helper.h:86 onnxruntime::ReshapeHelper::ReshapeHelper(const TensorShape &, bool (*)(int)) `;
    expect(readableReason(`${place}size != 0 was false. Shape:{4}\n`)).toBe(
      "size != 0 was false. Shape:{4}",
    );
    expect(readableReason(`running Reshape node. Status Message: ${place}size was 0`)).toBe(
      "running Reshape node. Status Message: size was 0",
    );
    const call = `${BUILD}/a.cc:1 auto onnxruntime::Make()::operator()(int) const `;
    expect(readableReason(`${call}too deep`)).toBe("const too deep");
  });

  test("is at most 500 characters of one line", () => {
    expect(readableReason("a\n  b")).toBe("a b");
    expect(readableReason("x".repeat(2000))).toHaveLength(500);
  });
});

test("allocation failures are told from others", () => {
  expect(isOutOfMemory("std::bad_alloc")).toBe(true);
  expect(isOutOfMemory("Failed to allocate memory for requested buffer of size 800")).toBe(true);
  expect(isOutOfMemory("No graph was found in the protobuf.")).toBe(false);
});
