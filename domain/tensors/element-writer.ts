import type { ElementType, TensorData } from "./tensor.ts";

/**
 * Room for a tensor's elements. `put` writes a run of JSON values from `at` on and returns the
 * position within the run of the first value it refuses, or -1.
 */
export type ElementWriter = {
  data: TensorData;
  put: (values: readonly unknown[], at: number) => number;
};

type Floats = Float16Array | Float32Array | Float64Array;
type Integers = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

const DECIMAL = /^-?\d{1,20}$/;

/** `limit` is the least magnitude that rounds to infinity; null is a missing value, NaN. */
const floats = (cells: Floats, limit: number, data: TensorData): ElementWriter => ({
  data,
  put(values, at) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value === null) cells[at + i] = Number.NaN;
      else if (typeof value !== "number" || value >= limit || value <= -limit) return i;
      else cells[at + i] = value;
    }
    return -1;
  },
});

const integers = (data: Integers, least: number, most: number): ElementWriter => ({
  data,
  put(values, at) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value !== "number" || value < least || value > most || !Number.isInteger(value))
        return i;
      data[at + i] = value;
    }
    return -1;
  },
});

const bigIntegers = (
  data: BigInt64Array | BigUint64Array,
  least: bigint,
  most: bigint,
): ElementWriter => ({
  data,
  put(values, at) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      const readable =
        (typeof value === "number" && Number.isSafeInteger(value)) ||
        (typeof value === "string" && DECIMAL.test(value));
      if (!readable) return i;
      const integer = BigInt(value);
      if (integer < least || integer > most) return i;
      data[at + i] = integer;
    }
    return -1;
  },
});

const booleans = (data: Uint8Array): ElementWriter => ({
  data,
  put(values, at) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value === true || value === 1) data[at + i] = 1;
      else if (value !== false && value !== 0) return i;
    }
    return -1;
  },
});

const strings = (data: string[]): ElementWriter => ({
  data,
  put(values, at) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      // ONNX Runtime reads a string up to a NUL, so the rest would be lost without notice.
      if (typeof value !== "string" || value.includes("\0")) return i;
      data[at + i] = value;
    }
    return -1;
  },
});

type Kind = { accepts: string; open: (length: number) => ElementWriter };

const float = (
  accepts: string,
  limit: number,
  make: (length: number) => Float32Array | Float64Array,
): Kind => ({
  accepts,
  open: (length) => {
    const cells = make(length);
    return floats(cells, limit, cells);
  },
});

const integer = (least: number, most: number, make: (length: number) => Integers): Kind => ({
  accepts: `an integer from ${least} to ${most}`,
  open: (length) => integers(make(length), least, most),
});

const bigInteger = (
  least: bigint,
  most: bigint,
  make: (length: number) => BigInt64Array | BigUint64Array,
): Kind => ({
  accepts: `an integer from ${least} to ${most}, as a decimal string beyond ±${Number.MAX_SAFE_INTEGER}`,
  open: (length) => bigIntegers(make(length), least, most),
});

const KINDS: Record<ElementType, Kind> = {
  float32: float(
    "a number within ±3.4028235e38, or null",
    2 ** 128 - 2 ** 103,
    (n) => new Float32Array(n),
  ),
  float64: float("a number or null", Number.POSITIVE_INFINITY, (n) => new Float64Array(n)),
  float16: {
    accepts: "a number within ±65504, or null",
    open: (length) => {
      const bits = new Uint16Array(length);
      return floats(new Float16Array(bits.buffer), 65520, bits);
    },
  },
  int8: integer(-0x80, 0x7f, (n) => new Int8Array(n)),
  uint8: integer(0, 0xff, (n) => new Uint8Array(n)),
  int16: integer(-0x8000, 0x7fff, (n) => new Int16Array(n)),
  uint16: integer(0, 0xffff, (n) => new Uint16Array(n)),
  int32: integer(-0x8000_0000, 0x7fff_ffff, (n) => new Int32Array(n)),
  uint32: integer(0, 0xffff_ffff, (n) => new Uint32Array(n)),
  int64: bigInteger(-(2n ** 63n), 2n ** 63n - 1n, (n) => new BigInt64Array(n)),
  uint64: bigInteger(0n, 2n ** 64n - 1n, (n) => new BigUint64Array(n)),
  bool: { accepts: "true or false", open: (length) => booleans(new Uint8Array(length)) },
  string: { accepts: "a string without NUL", open: () => strings([]) },
};

export const elementWriter = (type: ElementType, length: number): ElementWriter =>
  KINDS[type].open(length);

/** What one JSON value of the type may be, as a phrase. */
export const describeElement = (type: ElementType): string => `${type}: ${KINDS[type].accepts}`;
