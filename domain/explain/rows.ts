import { ELEMENT_ARRAYS } from "../tensors/element-arrays.ts";
import { countOf, type ElementType, type Signature, type Tensor } from "../tensors/tensor.ts";
import { float16Bits, float16Value } from "../onnx/tensors.ts";
import { ExplainFault } from "./explain-fault.ts";

/** Instances as numbers, row after row, each of `RowLayout.size`; float32 where every input is. */
export type Rows = Float32Array | Float64Array;

/** Where the elements of one input lie in a row. A text is the index of it in `categories`. */
export type Port = {
  readonly name: string;
  readonly type: ElementType;
  /** The shape of one row, without the leading axis. */
  readonly shape: readonly number[];
  readonly offset: number;
  readonly count: number;
  /** For an input of texts: those that occur, by element. Grows as rows are read. */
  readonly categories: string[][] | null;
};

/** How the inputs of a model become rows of numbers, and back. */
export type RowLayout = { readonly ports: readonly Port[]; readonly size: number };

/** The layout of a model whose inputs all have a leading axis of rows; free sizes are those of `example`. */
export function layoutOf(
  { inputs }: Signature,
  example: Readonly<Record<string, Tensor>>,
): RowLayout {
  let offset = 0;
  const ports = inputs.map(({ name, type }): Port => {
    const dims = example[name]?.dims;
    if (dims === undefined || dims.length === 0)
      throw new ExplainFault("value_invalid", `input '${name}' has no axis of rows`, name);
    const shape = dims.slice(1);
    const count = countOf(shape);
    const categories = type === "string" ? Array.from({ length: count }, () => []) : null;
    const port = { name, type, shape, offset, count, categories };
    offset += count;
    return port;
  });
  return { ports, size: offset };
}

/** Room for `count` rows. */
export const newRows = ({ ports, size }: RowLayout, count: number): Rows =>
  ports.every(({ type }) => type === "float32" || type === "float16")
    ? new Float32Array(size * count)
    : new Float64Array(size * count);

/** The inputs of a run as rows. Throws `ExplainFault` (value_invalid) for a shape other than the layout's. */
export function rowsFromFeeds(
  layout: RowLayout,
  feeds: Readonly<Record<string, Tensor>>,
): { rows: Rows; count: number } {
  const [first] = layout.ports;
  const count = (first && feeds[first.name]?.dims[0]) ?? 0;
  const rows = newRows(layout, count);
  for (const port of layout.ports) {
    const tensor = feeds[port.name];
    if (tensor === undefined || tensor.data.length !== port.count * count)
      throw new ExplainFault(
        "value_invalid",
        `input '${port.name}' is to have ${port.count} values in each of ${count} rows`,
        port.name,
      );
    for (let at = 0; at < tensor.data.length; at += 1) {
      const row = Math.floor(at / port.count);
      const element = at % port.count;
      rows[row * layout.size + port.offset + element] = numberOf(port, element, tensor.data[at]);
    }
  }
  return { rows, count };
}

/** The inputs of a run of the rows from `from` to before `to`. */
export function feedsFromRows(
  { ports, size }: RowLayout,
  rows: Rows,
  from: number,
  to: number,
): Record<string, Tensor> {
  const count = to - from;
  const feeds = ports.map((port): [string, Tensor] => {
    const dims = [count, ...port.shape];
    const { type, offset } = port;
    // What is one input of the rows' own type goes as it is.
    if (port.count === size && type === "float32" && rows instanceof Float32Array)
      return [port.name, { type, dims, data: rows.subarray(from * size, to * size) }];
    const valueAt = (at: number): number =>
      rows[(from + Math.floor(at / port.count)) * size + offset + (at % port.count)] ?? 0;
    return [port.name, { type, dims, data: dataOf(port, count * port.count, valueAt) }];
  });
  return Object.fromEntries(feeds);
}

/** The same for a model that may take a `fixed` number of rows only: the run is filled up with zeros, which nobody reads. */
export function feedsOf(
  layout: RowLayout,
  rows: Rows,
  from: number,
  to: number,
  fixed: number | undefined,
): Record<string, Tensor> {
  if (fixed === undefined || to - from === fixed) return feedsFromRows(layout, rows, from, to);
  const filled = newRows(layout, fixed);
  filled.set(rows.subarray(from * layout.size, to * layout.size));
  return feedsFromRows(layout, filled, 0, fixed);
}

function dataOf(port: Port, length: number, valueAt: (at: number) => number): Tensor["data"] {
  const { type, categories } = port;
  if (type === "string")
    return Array.from(
      { length },
      (_, at) => categories?.[at % port.count]?.[Math.round(valueAt(at))] ?? "",
    );
  const data = new ELEMENT_ARRAYS[type](length);
  for (let at = 0; at < length; at += 1) {
    const value = valueAt(at);
    if (data instanceof BigInt64Array || data instanceof BigUint64Array)
      data[at] = BigInt(Math.round(value));
    else if (type === "float16") data[at] = float16Bits(value);
    else data[at] = type === "float32" || type === "float64" ? value : Math.round(value);
  }
  return data;
}

function numberOf(port: Port, element: number, value: unknown): number {
  const known = port.categories?.[element];
  if (known === undefined)
    return port.type === "float16" ? float16Value(Number(value)) : Number(value);
  const text = String(value);
  const found = known.indexOf(text);
  return found >= 0 ? found : known.push(text) - 1;
}
