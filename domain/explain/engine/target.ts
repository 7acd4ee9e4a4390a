import { numberAt } from "../../onnx/scores.ts";
import { countOf, type Tensor } from "../../tensors/tensor.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Rows } from "../rows.ts";
import { eachRun, type Target } from "../score.ts";
import { runOptions, type Subject } from "./subject.ts";

export type Asked = { output: string | null; class: number | string | null };

/** What is explained of each row: the class asked for, else the one that the model names. */
export async function targetsOf(
  subject: Subject,
  rows: Rows,
  count: number,
  asked: Asked,
): Promise<{ target: Target; class_name: string | null }[]> {
  const output = outputOf(subject, asked.output);
  const targets: { target: Target; class_name: string | null }[] = [];
  const of = { rows, count };
  await eachRun(
    subject.open,
    subject.layout,
    output,
    of,
    runOptions(subject),
    (scores, from, to) => {
      const width = countOf(scores.dims.slice(1));
      for (let row = 0; row < to - from; row += 1) {
        const index =
          asked.class === null
            ? greatestIn(scores, row, width)
            : classIndexOf(subject, asked.class, width);
        targets.push({ target: { output, index }, class_name: classNameOf(subject, index, width) });
      }
    },
  );
  return targets;
}

/** The output named, else the one of floats that looks most like scores of classes. */
function outputOf({ signature }: Subject, asked: string | null): string {
  const floats = signature.outputs.filter(({ type }) => /^float(16|32|64)$/.test(type));
  const names = floats.map(({ name }) => name);
  if (asked !== null) {
    if (names.includes(asked)) return asked;
    throw new ExplainFault(
      "target_unknown",
      `the model has no output '${asked}' of floats; it has ${quoted(names)}`,
      "target.output",
    );
  }
  const best =
    floats.find(({ name }) => /prob/i.test(name)) ??
    floats.find(({ shape }) => shape.length > 1 && shape.at(-1) !== 1) ??
    floats[0];
  if (best !== undefined) return best.name;
  throw new ExplainFault(
    "target_unknown",
    `no output of the model has floats, which is what can be explained; it has ${quoted(
      signature.outputs.map(({ name }) => name),
    )}`,
    "target.output",
  );
}

const quoted = (names: readonly string[]): string =>
  names.length === 0 ? "none" : names.map((name) => `'${name}'`).join(", ");

function greatestIn(scores: Tensor, row: number, width: number): number {
  const at = (index: number): number => numberAt(scores, row * width + index);
  let best = 0;
  for (let index = 1; index < width; index += 1) if (at(index) > at(best)) best = index;
  return best;
}

/** Throws `ExplainFault` (target_unknown) with the classes there are. */
export function classIndexOf(
  { class_names }: Subject,
  asked: number | string,
  width: number,
  field = "target.class",
): number {
  const index = typeof asked === "number" ? asked : (class_names?.indexOf(asked) ?? -1);
  if (Number.isInteger(index) && index >= 0 && index < width) return index;
  const known =
    typeof asked === "string" && class_names === null
      ? "the model's file names no classes; give its index"
      : `there ${width === 1 ? "is 1 class" : `are ${width} classes`}${class_names === null ? "" : `: ${quoted(class_names)}`}`;
  throw new ExplainFault("target_unknown", `no class ${JSON.stringify(asked)}: ${known}`, field);
}

/** Where one score stands for two classes, it is that of the second. */
const classNameOf = ({ class_names }: Subject, index: number, width: number): string | null =>
  (width === 1 && class_names?.length === 2 ? class_names[1] : class_names?.[index]) ?? null;

/** What the file calls a class, else its number. */
export const classLabel = ({ class_names }: Subject, index: number): string =>
  class_names?.[index] ?? String(index);
