import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import type { ColumnType } from "../../schema.ts";
import type { TensorCell } from "../../table.ts";
import { type Hdf5Dataset, type Leaf, leavesOf } from "../hdf5/hdf5-dataset.ts";
import { scalarOf } from "../hdf5/attributes.ts";
import { type Hdf5File, type Hdf5Group, type Hdf5Object, openHdf5 } from "../hdf5/open-hdf5.ts";
import { LARGEST_CELL } from "../limits.ts";
import type { Platform } from "../platform.ts";
import { elementCount, newTensorData } from "../tensor-data.ts";
import { countOf, invalidMat, type MatArray, type Plane } from "./mat-array.ts";

const DEEPEST = 16;
const MOST_VARIABLES = 20_000;
const SAMPLE = 100;

/** What the attribute MATLAB_class says of numbers. */
const CLASSES: Record<string, ColumnType> = {
  double: "float64",
  single: "float32",
  logical: "bool",
  int8: "int8",
  uint8: "uint8",
  int16: "int16",
  uint16: "uint16",
  int32: "int32",
  uint32: "uint32",
  int64: "int64",
  uint64: "uint64",
};

const classOf = async ({ attributes }: Hdf5Group | Hdf5Dataset): Promise<string | null> => {
  const found = await scalarOf(attributes.get("MATLAB_class"));
  return typeof found === "string" ? found : null;
};

/** Where the element at a place of the row-major order lies. */
function placeAt(shape: readonly number[], index: number): number[] {
  const place: number[] = [];
  let left = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    place[axis] = left % size;
    left = Math.floor(left / size);
  }
  return place;
}

/** The largest box in one piece from an element on that is no longer than `most`. */
function boxFrom(shape: readonly number[], from: number, most: number) {
  const start = placeAt(shape, from);
  const count = shape.map(() => 1);
  let size = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const whole = shape[axis] ?? 1;
    const free = whole - (start[axis] ?? 0);
    const fitting = Math.min(free, Math.floor(most / size));
    count[axis] = Math.max(fitting, 1);
    size *= count[axis] ?? 1;
    if (count[axis] !== whole) break;
  }
  return { start, count, size };
}

/**
 * The numbers of an array of HDF5. MATLAB's first index is HDF5's last, so that both count through
 * the elements in the same order.
 */
function hdf5Plane(
  dataset: Hdf5Dataset,
  shape: readonly number[],
  member: Leaf | undefined,
): Plane {
  return {
    width: member?.size ?? dataset.type.size,
    byRange: true,
    async read(type, from, count) {
      const data = newTensorData(type, count);
      if (data === undefined) throw new TypeError(`${type} is no type of numbers`);
      for (let at = 0; at < count;) {
        const { start, count: sizes, size } = boxFrom(shape, from + at, count - at);
        const elements = await dataset.read({ start, count: sizes }, member);
        if (Array.isArray(elements)) throw invalidMat(`${dataset.path} has no numbers`);
        copy(elements, data, at);
        at += size;
      }
      return data;
    },
  };
}

function copy(from: TensorCell["data"], to: TensorCell["data"], at: number): void {
  if (to instanceof BigInt64Array || to instanceof BigUint64Array)
    for (const [i, value] of from.entries()) to[at + i] = BigInt(value);
  else for (const [i, value] of from.entries()) to[at + i] = Number(value);
}

class Mat73 {
  readonly #file: Hdf5File;
  readonly #seen = new Set<number>();
  readonly arrays: MatArray[] = [];

  constructor(file: Hdf5File) {
    this.#file = file;
  }

  async addGroup(group: Hdf5Group, name: string, depth: number): Promise<void> {
    if (depth > DEEPEST)
      throw new DatasetFault(
        "file_unsupported",
        `structures nested deeper than ${DEEPEST} are not read`,
      );
    for (const link of group.links) {
      // #refs# and #subsystem# hold what cells and objects refer to.
      if (depth === 0 && link.name.startsWith("#")) continue;
      await this.#add(
        await this.#file.follow(group, link),
        name === "" ? link.name : `${name}.${link.name}`,
        depth,
      );
      if (this.arrays.length > MOST_VARIABLES)
        throw new DatasetFault(
          "file_too_large",
          `the file has more than ${MOST_VARIABLES} variables`,
        );
    }
  }

  async #add(object: Hdf5Object, name: string, depth: number): Promise<void> {
    const other = (what: string) => this.arrays.push({ name, dims: [], kind: "other", what });
    if (object.kind === "other") return;
    if (object.kind === "group") {
      if (object.attributes.has("MATLAB_sparse")) other("a sparse matrix");
      else if (!this.#seen.has(object.address)) {
        this.#seen.add(object.address);
        await this.addGroup(object, name, depth + 1);
      }
      return;
    }
    this.arrays.push(await this.#array(object, name));
  }

  async #array(dataset: Hdf5Dataset, name: string): Promise<MatArray> {
    const shape = dataset.shape ?? [];
    const dims =
      shape.length === 0 ? [1, 1] : shape.length === 1 ? [shape[0] ?? 0, 1] : shape.toReversed();
    const count = countOf(dims, name);
    const isEmpty = dataset.shape === null || count === 0 || dataset.attributes.has("MATLAB_empty");
    const matlabClass = await classOf(dataset);
    if (isEmpty) return { name, dims, kind: "other", what: "empty" };
    if (matlabClass === "char") return this.#chars(dataset, name, dims, count);
    if (matlabClass === "cell") return this.#cells(dataset, name, dims, count);
    return this.#numbers(dataset, name, dims, matlabClass);
  }

  #numbers(
    dataset: Hdf5Dataset,
    name: string,
    dims: number[],
    matlabClass: string | null,
  ): MatArray {
    const { type } = dataset;
    const shape = dataset.shape ?? [];
    const of = (each: typeof type): ColumnType | undefined =>
      CLASSES[matlabClass ?? ""] ??
      (each.kind === "boolean" ? "bool" : each.kind === "number" ? each.element : undefined);
    const leaves = leavesOf(type);
    const real = leaves.find((leaf) => leaf.name === "real");
    const imaginary = leaves.find((leaf) => leaf.name === "imag");
    if (real !== undefined && imaginary !== undefined && leaves.length === 2) {
      const complexType = of(real.type);
      if (
        complexType !== undefined &&
        real.type.kind === "number" &&
        imaginary.type.kind === "number"
      )
        return {
          name,
          dims,
          kind: "numbers",
          type: complexType,
          real: hdf5Plane(dataset, shape, real),
          imaginary: hdf5Plane(dataset, shape, imaginary),
        };
    }
    const numberType = of(type);
    if (numberType === undefined || (type.kind !== "number" && type.kind !== "boolean"))
      return {
        name,
        dims,
        kind: "other",
        what: `an array of the class ${matlabClass ?? type.kind}`,
      };
    return {
      name,
      dims,
      kind: "numbers",
      type: numberType,
      real: hdf5Plane(dataset, shape, undefined),
      imaginary: null,
    };
  }

  async #chars(
    dataset: Hdf5Dataset,
    name: string,
    dims: number[],
    count: number,
  ): Promise<MatArray> {
    const [rows = 1] = dims;
    if (dims.length > 2 || count > LARGEST_CELL)
      return { name, dims, kind: "other", what: `characters of ${dims.join(" x ")}` };
    const units = await hdf5Plane(dataset, dataset.shape ?? [], undefined).read("uint16", 0, count);
    const texts = Array.from({ length: rows }, (_, row) => {
      let text = "";
      for (let i = row; i < count; i += rows) text += String.fromCharCode(Number(units[i]));
      return rows === 1 ? text : text.replace(/ +$/, "");
    });
    return {
      name,
      dims: [rows],
      kind: "texts",
      texts: async (from, wanted) => texts.slice(from, from + wanted),
    };
  }

  /** The text that a cell refers to; null for an empty one, undefined for something else. */
  async #cellText(reference: bigint): Promise<string | null | undefined> {
    const object = await this.#file.dereference(reference);
    if (object.kind !== "dataset") return undefined;
    const array = await this.#array(object, "");
    if (array.kind === "other" && array.what === "empty")
      return (await classOf(object)) === "char" ? "" : null;
    if (array.kind !== "texts" || elementCount(array.dims) !== 1) return undefined;
    return (await array.texts(0, 1))[0];
  }

  async #cells(
    dataset: Hdf5Dataset,
    name: string,
    dims: number[],
    count: number,
  ): Promise<MatArray> {
    const shape = dataset.shape ?? [];
    const references = async (from: number, wanted: number): Promise<bigint[]> => {
      const found: bigint[] = [];
      while (found.length < wanted) {
        const { start, count: sizes } = boxFrom(shape, from + found.length, wanted - found.length);
        for (const each of await dataset.read({ start, count: sizes }))
          if (typeof each === "bigint") found.push(each);
          else throw invalidMat(`the cells of ${name} refer to nothing`);
      }
      return found;
    };
    for (const reference of dataset.type.kind === "reference"
      ? await references(0, Math.min(count, SAMPLE))
      : [0n])
      if (reference === 0n || (await this.#cellText(reference)) === undefined)
        return { name, dims, kind: "other", what: "a cell array of other things than texts" };
    return {
      name,
      dims,
      kind: "texts",
      texts: async (from, wanted) => {
        const texts: (string | null)[] = [];
        for (const reference of await references(from, wanted)) {
          const text = await this.#cellText(reference);
          if (text === undefined)
            throw new DatasetFault(
              "schema_mismatch",
              `the cell array ${name} has something else than a text in row ${from + texts.length}`,
              { field: name, row: from + texts.length },
            );
          texts.push(text);
        }
        return texts;
      },
    };
  }
}

/** The variables of a MAT file of version 7.3, which is an HDF5 file with the classes in attributes. */
export async function readMat73(source: ByteSource, platform: Platform): Promise<MatArray[]> {
  const file = await openHdf5(source, platform);
  const variables = new Mat73(file);
  await variables.addGroup(file.root, "", 0);
  return variables.arrays;
}
