import { describe, expect, test } from "vitest";
import { learningRateAt, type Schedule } from "../../../../domain/onnx/train/schedule.ts";

const at = (schedule: Schedule, steps: readonly number[], of = 100): number[] =>
  steps.map((step) => learningRateAt(schedule, step, of));

describe("learning rates", () => {
  test("stay, unless something is said", () => {
    expect(at({ learning_rate: 0.1 }, [0, 50, 99])).toEqual([0.1, 0.1, 0.1]);
  });

  test("warm up in equal steps to the highest", () => {
    expect(at({ learning_rate: 1, warm_up_steps: 4 }, [0, 1, 3, 4])).toEqual([0.25, 0.5, 1, 1]);
  });

  test("fall along half a cosine to the final share", () => {
    const decay = { kind: "cosine", final_share: 0.1 } as const;
    const [first = 0, middle = 0, last = 0] = at({ learning_rate: 1, decay }, [0, 50, 100]);
    expect(first).toBeCloseTo(1, 12);
    expect(middle).toBeCloseTo(0.55, 12);
    expect(last).toBeCloseTo(0.1, 12);
  });

  test("fall in a line after the warm-up", () => {
    const schedule = { learning_rate: 2, warm_up_steps: 20, decay: { kind: "linear" } } as const;
    expect(at(schedule, [20, 60, 100])).toEqual([2, 1, 0]);
  });

  test("fall by a factor every so many steps", () => {
    const decay = { kind: "step", factor: 0.5, every: 10 } as const;
    expect(at({ learning_rate: 1, decay }, [9, 10, 25])).toEqual([1, 0.5, 0.25]);
  });

  test.each([0, -1, Number.NaN, Infinity])("%s is refused", (learning_rate) => {
    expect(() => learningRateAt({ learning_rate }, 0, 1)).toThrow("learning_rate");
  });
});
