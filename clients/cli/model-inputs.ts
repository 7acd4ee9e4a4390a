import { UsageError } from "./exit-codes.ts";

export type Inputs = Record<string, unknown>;

const isObject = (value: unknown): value is Inputs =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The inputs of a model by name; `{"inputs": {…}}`, the body of the API, will do as well. */
export function parseInputs(text: string, source: string): Inputs {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${source} is not JSON`, { cause });
  }
  if (!isObject(given))
    throw new UsageError(`${source} is an object of arrays by name: {"features": [[…]]}`);
  const { inputs, ...others } = given;
  return isObject(inputs) && Object.keys(others).length === 0 ? inputs : given;
}

type Flat = { shape: number[]; data: unknown[] };

const isFlat = (value: unknown): value is Flat =>
  isObject(value) && Array.isArray(value["shape"]) && Array.isArray(value["data"]);

const countOf = (input: unknown): number => {
  if (isFlat(input)) return input.shape[0] ?? 0;
  return Array.isArray(input) ? input.length : 0;
};

/** How many rows there are, by the input that comes first. */
export const rowsOf = (inputs: Inputs): number => countOf(Object.values(inputs)[0]);

/** The row of this number, from 1 on, of every input. */
export const pickRow = (inputs: Inputs, row: number): Inputs =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [name, rowOf(input, row - 1)] as const),
  );

function rowOf(input: unknown, at: number): unknown {
  if (!isFlat(input)) return Array.isArray(input) ? input.slice(at, at + 1) : input;
  const [count = 1, ...rest] = input.shape;
  const width = input.data.length / count;
  return { shape: [1, ...rest], data: input.data.slice(at * width, (at + 1) * width) };
}
