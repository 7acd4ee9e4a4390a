import { checkedAxis, range } from "../axes.ts";
import { ONNX_TYPES } from "../model.ts";
import { intOf } from "../node.ts";
import { filled, positionOf, type Numbers } from "./array.ts";
import { elementAt } from "./heads.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";

type Complex = readonly [real: number, imaginary: number];

const namedType = (call: InterpreterCall): Numbers["type"] =>
  (ONNX_TYPES[intOf(call.node, "output_datatype", 1)] ?? "float32") as Numbers["type"];

/** A sum of cosines of 0, 1 … turns over the window; a periodic one is the symmetric one of a size more without its end. */
const window =
  (...coefficients: readonly number[]): InterpreterRule =>
  (call) => {
    const [size = 0] = call.ints(0);
    const span = intOf(call.node, "periodic", 1) === 1 ? size : size - 1;
    return filled(namedType(call), [size], (at) =>
      coefficients.reduce(
        (sum, coefficient, turns) =>
          sum + coefficient * Math.cos((2 * Math.PI * turns * at) / span),
        0,
      ),
    );
  };

/** Σ x[n] exp(±2πi k n / N) for one k; what lies beyond the values counts as zero. */
function transformed(values: readonly Complex[], length: number, k: number, sign: 1 | -1): Complex {
  let [real, imaginary] = [0, 0];
  for (const [n, [a, b]] of values.slice(0, length).entries()) {
    const angle = (sign * 2 * Math.PI * ((k * n) % length)) / length;
    real += a * Math.cos(angle) - b * Math.sin(angle);
    imaginary += a * Math.sin(angle) + b * Math.cos(angle);
  }
  return [real, imaginary];
}

/** All frequencies of a real signal from those up to the middle: the others mirror them. */
const mirrored = (values: readonly Complex[], length: number): Complex[] =>
  range(length).map((k): Complex => {
    if (k <= length / 2) return values[k] ?? [0, 0];
    const [real, imaginary] = values[length - k] ?? [0, 0];
    return [real, -imaginary];
  });

/** The axis is an attribute before opset 20. */
function axisOf(call: InterpreterCall, rank: number): number {
  if (call.opset < 20) return checkedAxis(call, intOf(call.node, "axis", 1), rank);
  return checkedAxis(call, call.optional(2)?.data[0] ?? -2, rank);
}

const dft: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const axis = axisOf(call, x.dims.length);
  const size = x.dims[axis] ?? 0;
  const isInverse = intOf(call.node, "inverse", 0) === 1;
  const isOneSided = intOf(call.node, "onesided", 0) === 1;
  const isToReal = isInverse && isOneSided;
  const length = call.optional(1)?.data[0] ?? (isToReal ? 2 * (size - 1) : size);
  const bins = isOneSided && !isInverse ? Math.floor(length / 2) + 1 : length;
  const isComplex = x.dims.at(-1) === 2;
  const dims = [...x.dims.with(axis, bins).slice(0, -1), isToReal ? 1 : 2];
  return filled(x.type, dims, (index) => {
    const position = positionOf(index, dims);
    const line = range(size).map((n): Complex => {
      const at = position.with(axis, n).slice(0, -1);
      return [elementAt(x, ...at, 0), isComplex ? elementAt(x, ...at, 1) : 0];
    });
    const values = isToReal ? mirrored(line, length) : line;
    const value = transformed(values, length, position[axis] ?? 0, isInverse ? 1 : -1);
    return (value[position.at(-1) === 1 ? 1 : 0] ?? 0) / (isInverse ? length : 1);
  });
};

const stft: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const [batch = 0, length = 0, parts = 1] = x.dims;
  const [step = 1] = call.ints(1);
  const weights = call.optional(2);
  const frame = call.optional(3)?.data[0] ?? weights?.dims[0] ?? length;
  const frames = Math.floor((length - frame) / step) + 1;
  const isOneSided = intOf(call.node, "onesided", 1) === 1;
  const dims = [batch, frames, isOneSided ? Math.floor(frame / 2) + 1 : frame, 2];
  return filled(x.type, dims, (index) => {
    const [b = 0, at = 0, k = 0, part = 0] = positionOf(index, dims);
    const values = range(frame).map((n): Complex => {
      const weight = weights?.data[n] ?? 1;
      const sample = at * step + n;
      return [
        weight * elementAt(x, b, sample, 0),
        parts === 2 ? weight * elementAt(x, b, sample, 1) : 0,
      ];
    });
    return transformed(values, frame, k, -1)[part === 1 ? 1 : 0];
  });
};

/** Hertz to mel and back: mel(f) = 2595 log10(1 + f / 700). */
const melOf = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
const hertzOf = (mel: number): number => 700 * (10 ** (mel / 2595) - 1);

/** Triangles between bins whose edges lie evenly on the mel scale, with a peak of 1. */
const melWeightMatrix: InterpreterRule = (call) => {
  const [bands, length, rate, lowest, highest] = [0, 1, 2, 3, 4].map(
    (index) => call.numbers(index).data[0] ?? 0,
  ) as [number, number, number, number, number];
  const bottom = melOf(lowest);
  const step = (melOf(highest) - bottom) / (bands + 2);
  const edges = range(bands + 2).map((at) =>
    Math.floor(((length + 1) * hertzOf(bottom + at * step)) / rate),
  );
  const dims = [Math.floor(length / 2) + 1, bands];
  return filled(namedType(call), dims, (index) => {
    const [bin = 0, band = 0] = positionOf(index, dims);
    const [low = 0, peak = 0, high = 0] = edges.slice(band, band + 3);
    if (bin === peak) return 1;
    if (bin < peak) return Math.max(0, (bin - low) / (peak - low));
    return bin < high ? (high - bin) / (high - peak) : 0;
  });
};

export const SIGNAL: Record<string, InterpreterRule> = {
  HannWindow: window(0.5, -0.5),
  HammingWindow: window(25 / 46, -21 / 46),
  BlackmanWindow: window(0.42, -0.5, 0.08),
  MelWeightMatrix: melWeightMatrix,
  DFT: dft,
  STFT: stft,
};
