import { expect, test } from "vitest";
import { withOpenModel, type Runtime } from "../../../domain/onnx/runtime.ts";

function counting(): { runtime: Runtime; released: () => number } {
  let released = 0;
  const release = (): void => {
    released += 1;
  };
  const runtime: Runtime = {
    name: "counting",
    open: () => Promise.resolve({ run: () => Promise.resolve({}), release }),
  };
  return { runtime, released: () => released };
}

test("an opened model is released after its use, and after a use that fails", async () => {
  const { runtime, released } = counting();
  expect(await withOpenModel(runtime, new Uint8Array(), () => Promise.resolve(released()))).toBe(0);
  expect(released()).toBe(1);
  const failing = withOpenModel(runtime, new Uint8Array(), () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  expect(released()).toBe(2);
});

test("what a runtime refuses is a fault in its words, and keeps the runtime's error", async () => {
  const refused = new Error("no such operator");
  const runtime: Runtime = { name: "strict", open: () => Promise.reject(refused) };
  const opening = withOpenModel(runtime, new Uint8Array(), () => Promise.resolve());
  await expect(opening).rejects.toMatchObject({
    problem: { code: "unsupported", message: "strict does not take the model: no such operator" },
    cause: refused,
  });
});
