import { withOpenModel, type Runtime } from "../../../domain/onnx/runtime.ts";
import type { Row } from "../experiments/row.ts";
import { modelsOf, NETWORKS } from "./training-step.ts";
import type { Timed } from "./timing.ts";

const PROFILES = ["native", "wasm"] as const;

/**
 * How far two runtimes are apart on the same graphs, relative to the largest element: in the gradient
 * of the input, and in that of all weights, which a step of plain descent gives away.
 */
export async function agreement([one, other]: readonly [Runtime, Runtime]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, config } of NETWORKS)
    for (const profile of PROFILES) {
      const { gradient, step } = modelsOf(config, profile, { kind: "sgd" });
      const input = await apart(one, other, gradient, "gradient_of_signal");
      const weights = await apart(one, other, step, "next_parameters", "parameters");
      rows.push({
        measure: `${one.name} and ${other.name} on the same graph, ${name}, emitted for ${profile}`,
        ours: `input ${input.toExponential(1)}, weights ${weights.toExponential(1)}`,
        peers: [],
        how: "largest difference of a gradient over its largest element",
      });
    }
  return rows;
}

/** With `from`, of what is left when it is taken away, which a small gradient would be lost in. */
async function apart(
  one: Runtime,
  other: Runtime,
  { model, feeds }: Timed,
  output: string,
  from?: string,
): Promise<number> {
  const start = from === undefined ? undefined : (feeds[from]?.data as Float32Array);
  const values = async (runtime: Runtime): Promise<number[]> => {
    const found = await withOpenModel(runtime, model, (open) => open.run(feeds, [output]));
    const data = found[output]?.data as Float32Array;
    return Array.from(data, (value, at) => value - (start?.[at] ?? 0));
  };
  const [a, b] = [await values(one), await values(other)];
  const largest = Math.max(...a.map(Math.abs));
  return Math.max(...a.map((value, at) => Math.abs(value - (b[at] ?? Number.NaN)))) / largest;
}
