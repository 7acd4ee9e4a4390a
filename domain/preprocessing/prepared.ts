import type { Result } from "../result.ts";
import type { InputProblem } from "../tensors/input-problem.ts";

/** Numbers for one input of the model, row-major, before they are written in its type. */
export type Values = { dims: number[]; values: Float32Array | Float64Array };

/** Makes a batch of the raw values, by the inputs that it fills. */
export type Prepared = (values: readonly unknown[]) => Result<Map<string, Values>, InputProblem>;

/** The most numbers that one batch may become: 32 MB as they are made, of an isolate's 128. */
export const MOST_VALUES = 4_000_000;
