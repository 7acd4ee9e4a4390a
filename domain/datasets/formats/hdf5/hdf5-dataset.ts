import { readAttributes, type Hdf5Attribute } from "./attributes.ts";
import type { Box } from "./box.ts";
import { Cursor } from "./cursor.ts";
import { readDataspace, type Dataspace } from "./dataspace.ts";
import { readDatatype, type Hdf5Type } from "./datatype.ts";
import { decodeElements, extractMember, type Decoder, type Elements } from "./elements.ts";
import { readFilters } from "./filters.ts";
import { damaged, unsupported } from "./hdf5-fault.ts";
import { readLayout } from "./layout.ts";
import { MESSAGE, resolveMessage, type Message } from "./object-header.ts";
import { openStoredArray, type ChunkCache, type ReadBox } from "./stored-array.ts";

/**
 * A member of elements that are structures, or of the structures in those (the names joined by
 * dots): the `size` bytes at `offset` of each element, decoded as `type`.
 */
export type Leaf = { name: string; offset: number; size: number; type: Hdf5Type };

export type Hdf5Dataset = {
  kind: "dataset";
  /** From the root, without the first slash. */
  path: string;
  address: number;
  attributes: ReadonlyMap<string, Hdf5Attribute>;
  /** None of a scalar, null of an array without elements by its kind. */
  shape: number[] | null;
  type: Hdf5Type;
  /**
   * The elements of a box (all of them where none is given), row-major; of structures, one member.
   * Throws a DatasetFault for what cannot be read here: external and virtual arrays, filters other
   * than deflate, shuffle and fletcher32, and types that `unreadable` names.
   */
  read(box?: Box, member?: Leaf): Promise<Elements>;
  /** Throws the DatasetFault that reading its elements would, as far as it shows before they are read. */
  check(): void;
  /** The bytes of a box as they are stored, for elements that are structures. */
  readBytes(box: Box): Promise<Uint8Array>;
  /** Decodes bytes that `readBytes` gave, as `read` does; `first` is the number of their first element. */
  decode(bytes: Uint8Array, member?: Leaf, first?: number): Promise<Elements>;
};

/** The array of an object header; null where it is of none. */
export async function openDataset(
  decoder: Decoder,
  address: number,
  messages: readonly Message[],
  cache: ChunkCache,
): Promise<Hdf5Dataset | null> {
  const { file, path } = decoder;
  const message = async (type: number): Promise<Uint8Array | null> => {
    const found = messages.find((candidate) => candidate.type === type);
    return found === undefined ? null : resolveMessage(file, found);
  };
  const layoutBytes = await message(MESSAGE.layout);
  const spaceBytes = await message(MESSAGE.dataspace);
  const typeBytes = await message(MESSAGE.datatype);
  if (layoutBytes === null || spaceBytes === null || typeBytes === null) return null;
  const type = readDatatype(new Cursor(typeBytes, `the datatype of '${path}'`));
  const space = readDataspace(new Cursor(spaceBytes, `the sizes of '${path}'`), file.lengthSize);
  const filters = await message(MESSAGE.filters);
  const fill = fillOf(
    await message(MESSAGE.fillValue),
    await message(MESSAGE.oldFillValue),
    type.size,
  );
  const external = (await message(MESSAGE.externalFiles)) !== null;

  let open: ReadBox | undefined;
  const opened = (): ReadBox => (open ??= openData());
  const readBytes = async (box: Box): Promise<Uint8Array> => opened()(box);
  function openData(): ReadBox {
    if (external)
      throw unsupported(`'${path}', whose data lie in another file,`, "copy them into this file");
    return openStoredArray(
      file,
      {
        id: address,
        path,
        elementSize: type.size,
        fill,
        shape: space.shape ?? [],
        limits: space.limits,
        layout: readLayout(layoutBytes ?? new Uint8Array(0), file, path),
        filters: filters === null ? [] : readFilters(filters),
      },
      cache,
    );
  }
  const decode = (bytes: Uint8Array, member = wholeOf(type), first = 0): Promise<Elements> => {
    const name = member.name === "" ? path : `${path}.${member.name}`;
    const part = extractMember(bytes, type.size, member);
    return decodeElements({ ...decoder, path: name, first }, member.type, part);
  };
  return {
    kind: "dataset",
    path,
    address,
    type,
    shape: space.shape,
    readBytes,
    decode,
    check: () => void opened(),
    attributes: await readAttributes(decoder, messages),
    async read(box, member) {
      if (space.shape === null) return [];
      const wanted = box ?? { start: space.shape.map(() => 0), count: space.shape };
      checkBox(space, wanted, path);
      return decode(await readBytes(wanted), member);
    },
  };
}

function checkBox({ shape }: Dataspace, { start, count }: Box, path: string): void {
  const fits = (shape ?? []).every((size, axis) => {
    const [from, length] = [start[axis] ?? -1, count[axis] ?? -1];
    return from >= 0 && length >= 0 && from + length <= size;
  });
  if (!fits || start.length !== shape?.length)
    throw new RangeError(
      `'${path}' has the sizes ${shape?.join(" x ")}, which ${count.join(" x ")} from ${start.join(", ")} on leave`,
    );
}

/** The bytes of an element that was never written; none where they are zeros (sections IV.A.2.e and f). */
function fillOf(message: Uint8Array | null, old: Uint8Array | null, size: number): Uint8Array {
  const cursor = new Cursor(message ?? old ?? new Uint8Array(4), "a fill value");
  const none = new Uint8Array(0);
  if (message !== null) {
    const version = cursor.uint(1);
    const flags = cursor.uint(1);
    if (version > 3 || version === 0) throw damaged(`a fill value has the version ${version}`);
    if (version === 3 && (flags & 0x20) === 0) return none;
    if (version < 3) {
      const defined = cursor.skip(1).uint(1);
      if (version === 2 && defined === 0) return none;
    }
    if (cursor.left < 4) return none;
  }
  const length = cursor.uint(4);
  if (length === 0 || length === 0xffff_ffff) return none;
  if (length !== size) throw damaged(`a fill value of ${length} bytes is for elements of ${size}`);
  return cursor.take(length);
}

/** Elements as a whole, decoded as `type`. */
export const wholeOf = (type: Hdf5Type): Leaf => ({ name: "", offset: 0, size: type.size, type });

/** The members of structures, those of inner structures included. */
export function leavesOf(type: Hdf5Type): Leaf[] {
  if (type.kind !== "compound") return [];
  return type.members.flatMap(({ name, offset, type: inner }) =>
    inner.kind === "compound"
      ? leavesOf(inner).map((leaf) => ({
          ...leaf,
          name: `${name}.${leaf.name}`,
          offset: offset + leaf.offset,
        }))
      : [{ name, offset, size: inner.size, type: inner }],
  );
}
