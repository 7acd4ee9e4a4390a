import type { ColumnType, Field, Schema } from "../../../../domain/datasets/schema.ts";
import type { Cell } from "../../../../domain/datasets/table.ts";
import { numberCell } from "../../../../domain/datasets/formats/number-cell.ts";
import { newTensorData } from "../../../../domain/datasets/formats/tensor-data.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";

type Random = ReturnType<typeof seededRandom>;

const below = (random: Random, bound: number): number => Math.floor(random.uniform() * bound);
const oneOf = <T>(random: Random, values: readonly T[]): T | undefined =>
  values[below(random, values.length)];

const EDGES: Partial<Record<ColumnType, readonly (number | bigint)[]>> = {
  int8: [-128, 127, 0],
  int16: [-32_768, 32_767, 0],
  int32: [-(2 ** 31), 2 ** 31 - 1, 0],
  int64: [-(2n ** 63n), 2n ** 63n - 1n, 0n],
  uint8: [255, 0],
  uint16: [65_535, 0],
  uint32: [2 ** 32 - 1, 0],
  uint64: [2n ** 64n - 1n, 2n ** 63n, 0n],
  float16: [-0, NaN, Infinity, 65_504, 2 ** -24],
  float32: [-0, NaN, -Infinity, 2 ** -149],
  float64: [-0, NaN, Infinity, 5e-324, 1 / 3],
};

const TEXTS = ["", "a", "ä", "日本語", "😀", '"', "a\nb", "x".repeat(300), "\u0000"];
const JSONS = [[], {}, "text", 5, false, [1, null, { b: ["x"] }], { "": -1.5e300 }];

function numberOf(random: Random, type: ColumnType): number | bigint {
  if (random.uniform() < 0.3) return oneOf(random, EDGES[type] ?? []) ?? 0;
  const whole = below(random, 100);
  return numberCell(type, type.startsWith("float") ? whole / 7 : whole) ?? 0;
}

function scalarOf(random: Random, type: ColumnType): Cell {
  if (type === "bool") return random.uniform() < 0.5;
  if (type === "string") return oneOf(random, TEXTS) ?? "";
  if (type === "json") return oneOf(random, JSONS) ?? [];
  if (type === "binary")
    return Uint8Array.from({ length: below(random, 9) }, () => below(random, 256));
  if (type === "date") return below(random, 100_000) - 50_000;
  if (type === "timestamp") return BigInt(below(random, 2 ** 48)) * 1001n - 10n ** 17n;
  return numberOf(random, type);
}

/** A cell that the field can hold. */
export function randomCell(random: Random, { type, nullable, shape }: Field): Cell {
  if (nullable && random.uniform() < 0.2) return null;
  if (shape === undefined) return scalarOf(random, type);
  const dims = shape.map((size) => size ?? below(random, 4));
  const length = dims.reduce((product, size) => product * size, 1);
  const data = newTensorData(type, length);
  if (data === undefined) throw new TypeError(`${type} is no type of tensors`);
  for (let i = 0; i < length; i++)
    data[i] = (type === "bool" ? below(random, 2) : numberOf(random, type)) as never;
  return { dims, data };
}

/** A table of these columns with cells that depend on the seed alone. */
export function randomColumns(seed: string, { fields }: Schema, rows: number): Cell[][] {
  const random = seededRandom(seed);
  return fields.map((field) => Array.from({ length: rows }, () => randomCell(random, field)));
}
