import { fail, ok, type Result } from "../../result.ts";
import { describeValue, type InputProblem } from "../../tensors/input-problem.ts";

/** An image as rows of pixels, the channels of a pixel side by side. */
export type Image = {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
};

/** Where the value lies in the request: `[2]` for the third image of the input. */
type Place = { input: string; path: string };

const EXPECTED =
  "an image: rows of pixels, each a number or a list of 1 to 4, or {width, height, channels, data}; numbers from 0 to 255";
const MOST_CHANNELS = 4;

/**
 * An image as JSON has it: rows of pixels (`[height][width]` or `[height][width][channels]`), or an
 * object with `data` in that order as one list. 2 and 4 channels have opacity as the last one.
 */
export function readRawImage(value: unknown, place: Place): Result<Image, InputProblem> {
  if (Array.isArray(value)) return readNested(value, place);
  if (typeof value !== "object" || value === null) return refuse(place, value);
  const { width, height, channels, data } = value as Record<string, unknown>;
  if (!isSize(width) || !isSize(height) || !isSize(channels) || !Array.isArray(data))
    return refuse(place, value);
  if (channels > MOST_CHANNELS || data.length !== width * height * channels)
    return refuse(place, value, `${data.length} numbers for ${height} × ${width} × ${channels}`);
  return filled({ width, height, channels }, place, (pixels) => pixels.put(data, ".data"));
}

function readNested(rows: readonly unknown[], place: Place): Result<Image, InputProblem> {
  const [first] = rows;
  const width = Array.isArray(first) ? first.length : 0;
  const pixel: unknown = Array.isArray(first) ? first[0] : undefined;
  const channels = Array.isArray(pixel) ? pixel.length : 1;
  if (width === 0 || channels === 0 || channels > MOST_CHANNELS) return refuse(place, rows);
  // Before any memory is taken: one long first row must not buy that length for every row.
  const odd = rows.findIndex((row) => !Array.isArray(row) || row.length !== width);
  if (odd >= 0)
    return refuse(at(place, `[${odd}]`), rows[odd], undefined, `a row of ${width} pixels`);
  return filled({ width, height: rows.length, channels }, place, (pixels) => {
    for (const [y, row] of (rows as readonly (readonly unknown[])[]).entries()) {
      if (!Array.isArray(pixel)) {
        const problem = pixels.put(row, `[${y}]`);
        if (problem) return problem;
        continue;
      }
      for (const [x, values] of row.entries()) {
        const path = `[${y}][${x}]`;
        if (!Array.isArray(values) || values.length !== channels)
          return problemOf(at(place, path), describeValue(values), `a list of ${channels}`);
        const problem = pixels.put(values, path);
        if (problem) return problem;
      }
    }
    return null;
  });
}

type Pixels = { put: (values: readonly unknown[], path: string) => InputProblem | null };

function filled(
  size: Omit<Image, "data">,
  place: Place,
  fill: (pixels: Pixels) => InputProblem | null,
): Result<Image, InputProblem> {
  const data = new Float32Array(size.width * size.height * size.channels);
  let end = 0;
  const put: Pixels["put"] = (values, path) => {
    for (let index = 0; index < values.length; index += 1) {
      const value = values[index];
      if (typeof value !== "number" || !(value >= 0 && value <= 255))
        return problemOf(
          at(place, `${path}[${index}]`),
          describeValue(value),
          "a number from 0 to 255",
        );
      data[end++] = value;
    }
    return null;
  };
  const problem = fill({ put });
  return problem ? fail(problem) : ok({ ...size, data });
}

const isSize = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0;

const at = ({ input, path }: Place, more: string): Place => ({ input, path: path + more });

const problemOf = ({ input, path }: Place, found: string, expected: string): InputProblem => ({
  code: "input_type",
  input,
  expected,
  found,
  path,
});

const refuse = (
  place: Place,
  value: unknown,
  found = describeValue(value),
  expected = EXPECTED,
): Result<never, InputProblem> => fail(problemOf(place, found, expected));
