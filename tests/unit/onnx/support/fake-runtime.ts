import type { Clock } from "../../../../domain/onnx/benchmark-model.ts";
import type { Feeds } from "../../../../domain/onnx/rows.ts";
import type { Runtime } from "../../../../domain/onnx/runtime.ts";
import type { Tensor } from "../../../../domain/tensors/tensor.ts";

export type FakeRuntime = Runtime & {
  clock: Clock;
  /** The feeds of each run, by the size of the model's file, in order. */
  runs: { model: number; feeds: Feeds }[];
  opened: number;
  released: number;
};

/**
 * A runtime whose runs take the milliseconds that `durations` says (by the file and how often it
 * was run before) and give what `answer` says.
 */
export function fakeRuntime(
  durations: (model: Uint8Array, before: number) => number,
  answer: (feeds: Feeds) => Record<string, Tensor> = () => ({}),
): FakeRuntime {
  let now = 0;
  const counts = new Map<Uint8Array, number>();
  const runtime: FakeRuntime = {
    name: "fake",
    clock: () => now,
    runs: [],
    opened: 0,
    released: 0,
    async open(model) {
      runtime.opened += 1;
      now += 7;
      return {
        async run(feeds) {
          const before = counts.get(model) ?? 0;
          counts.set(model, before + 1);
          now += durations(model, before);
          runtime.runs.push({ model: model.length, feeds });
          return answer(feeds);
        },
        release() {
          runtime.released += 1;
        },
      };
    },
  };
  return runtime;
}
