import type { Field, Schema } from "../../schema.ts";
import type { Cell, Json, TensorCell } from "../../table.ts";
import { quantilesOf } from "../engine/quantiles.ts";
import { isTensorCell } from "../engine/row-codec.ts";
import { Spread, spreadsOf } from "../engine/spread.ts";
import { isNumber, kindOf } from "../expressions/value-kind.ts";
import type { Inputs, Kind } from "../operation.ts";
import { fieldNamed, Parameters, refuse } from "../parameters.ts";
import { onlySource } from "./sources.ts";

const METHODS = ["z_score", "min_max", "robust", "max_abs"] as const;
type Method = (typeof METHODS)[number];
/** A value x becomes (x - centre) / scale + offset. */
type Fitted = { column: string; centre: number; scale: number };
type Normalization = { method: Method; columns: Field[]; range: [number, number] };

const FINITE = [-Number.MAX_VALUE, Number.MAX_VALUE] as const;

/**
 * Brings columns of numbers, or of tensors of numbers, to one scale. `method`: `z_score` (mean 0,
 * standard deviation of the population 1), `min_max` (to `range`), `robust` (median 0, quartiles 1
 * apart; not for tensors), `max_abs` (largest magnitude 1). `columns`: all of floats, where left out.
 * What has no value, NaN and infinities take no part in the fit; a column without spread is only
 * moved. `fitted`: values that were fitted elsewhere, such as those of a training part, which are
 * then applied as they are.
 */
export const normalization: Kind = (json, sources) => {
  const source = onlySource(sources);
  const parameters = new Parameters(json);
  const method = parameters.oneOf("method", METHODS, "z_score");
  const columns = readColumns(parameters, source, method);
  const range = readRange(parameters, method);
  const fitted = parameters.has("fitted")
    ? parameters.objects("fitted", 2_000).map((one) => readFitted(one, columns))
    : null;
  parameters.end();
  const plan: Normalization = { method, columns, range };
  if (fitted) checkComplete(fitted, columns);
  const known = {
    method,
    columns: columns.map(({ name }) => name),
    ...(method === "min_max" ? { range: [...range] } : {}),
  };
  const fields = source.fields.map((field) => (columns.includes(field) ? scaled(field) : field));
  return {
    parameters: { ...known, ...(fitted ? { fitted: asJson(fitted) } : {}) },
    outputs: [{ name: null, schema: { ...source, fields } }],
    fit: fitted
      ? null
      : async (inputs) => ({ ...known, fitted: asJson(await fitColumns(plan, inputs)) }),
    async run({ sources: [rows], push }) {
      if (!rows || !fitted) throw new Error("the normalization is not fitted");
      const offset = method === "min_max" ? range[0] : 0;
      const places = fitted.map((one) => ({
        ...one,
        offset,
        at: source.fields.findIndex(({ name }) => name === one.column),
      }));
      for await (const batch of rows.batches()) {
        const cells = [...batch.columns];
        for (const place of places)
          cells[place.at] = (cells[place.at] ?? []).map((cell) => apply(cell, place, fields));
        await push(null, { rows: batch.rows, columns: cells });
      }
    },
  };
};

function readColumns(parameters: Parameters, source: Schema, method: Method): Field[] {
  const floats = source.fields.filter(({ type }) => kindOf(type) === "real");
  const columns = parameters.columns(
    "columns",
    source,
    floats.map(({ name }) => name),
  );
  const path = parameters.at("columns");
  if (columns.length === 0) refuse(path, "there is no column of floats; name columns");
  for (const { name, type, shape } of columns) {
    if (!isNumber(kindOf(type))) refuse(path, `'${name}' has ${type} values, which have no scale`);
    if (method === "robust" && shape !== undefined)
      refuse(
        path,
        `'${name}' is a column of tensors, whose quartiles are not computed; z_score is`,
      );
  }
  return columns;
}

function readRange(parameters: Parameters, method: Method): [number, number] {
  if (method !== "min_max") return [0, 1];
  const [from, to, ...more] = parameters.list("range", 2, [0, 1]);
  if (typeof from === "number" && typeof to === "number" && from < to && more.length === 0)
    return [from, to];
  return refuse(parameters.at("range"), "expected two numbers, the lower first");
}

function readFitted(parameters: Parameters, columns: readonly Field[]): Fitted {
  const column = fieldNamed(parameters.text("column"), columns, parameters.at("column")).name;
  const centre = parameters.number("centre", FINITE);
  const scale = parameters.number("scale", [Number.MIN_VALUE, Number.MAX_VALUE]);
  parameters.end();
  return { column, centre, scale };
}

function checkComplete(fitted: readonly Fitted[], columns: readonly Field[]): void {
  for (const { name } of columns)
    if (fitted.filter(({ column }) => column === name).length !== 1)
      refuse("parameters.fitted", `expected values of '${name}' once`);
}

const asJson = (fitted: readonly Fitted[]): Json[] =>
  fitted.map(({ column, centre, scale }) => ({ column, centre, scale }));

/** float32 and float16 stay what they are; all else becomes float64. */
const scaled = (field: Field): Field =>
  field.type === "float32" || field.type === "float16" ? field : { ...field, type: "float64" };

async function fitColumns(plan: Normalization, inputs: Inputs): Promise<Fitted[]> {
  const { method, columns } = plan;
  const [source] = inputs.sources;
  if (!source) throw new RangeError("a normalization without a source");
  if (method === "robust") {
    const quartiles = await quantilesOf(inputs, columns, [0.25, 0.5, 0.75]);
    return columns.map(({ name }, at) => {
      const [low = 0, middle = 0, high = 0] = quartiles[at] ?? [];
      return { column: name, centre: middle, scale: orOne(high - low) };
    });
  }
  const spreads = await spreadsOf(source, columns);
  return columns.map(({ name }, at) => ({
    column: name,
    ...fittedBy(plan, spreads[at] ?? new Spread()),
  }));
}

function fittedBy(
  { method, range }: Normalization,
  { count, mean, squares, least, most }: Spread,
): Omit<Fitted, "column"> {
  if (count === 0) return { centre: 0, scale: 1 };
  if (method === "z_score") return { centre: mean, scale: orOne(Math.sqrt(squares / count)) };
  if (method === "max_abs")
    return { centre: 0, scale: orOne(Math.max(Math.abs(least), Math.abs(most))) };
  return { centre: least, scale: orOne((most - least) / (range[1] - range[0])) };
}

const orOne = (scale: number): number => (scale > 0 && Number.isFinite(scale) ? scale : 1);

function apply(
  cell: Cell,
  { column, centre, scale, offset }: Fitted & { offset: number },
  fields: readonly Field[],
): Cell {
  if (cell === null) return null;
  const { type } = fieldNamed(column, fields, "parameters.fitted");
  const moved = (value: number): number => (value - centre) / scale + offset;
  if (isTensorCell(cell)) return movedTensor(cell, type === "float64", moved);
  const value = moved(Number(cell));
  return type === "float32"
    ? Math.fround(value)
    : type === "float16"
      ? Math.f16round(value)
      : value;
}

function movedTensor(
  { dims, data }: TensorCell,
  isWide: boolean,
  moved: (value: number) => number,
): TensorCell {
  const values = isWide ? new Float64Array(data.length) : new Float32Array(data.length);
  for (let at = 0; at < values.length; at += 1) values[at] = moved(Number(data[at]));
  return { dims, data: values };
}
