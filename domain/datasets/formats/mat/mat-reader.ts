import { DatasetFault } from "../../dataset-fault.ts";
import type { Reader } from "../../table.ts";
import { conformTable } from "../conform-table.ts";
import type { Platform } from "../platform.ts";
import { mat4Order, readMat4 } from "./mat4.ts";
import { readMat5 } from "./mat5.ts";
import { readMat73 } from "./mat73.ts";
import { matTable } from "./mat-table.ts";

const HEADER = 128;
/** Where HDF5 begins in a file of version 7.3, behind MATLAB's own header. */
const USER_BLOCK = 512;
const HDF5 = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

const isHdf5 = (bytes: Uint8Array): boolean => HDF5.every((byte, at) => bytes[at] === byte);

/**
 * MAT files of MATLAB 4 to 7.3. Structures of one element become columns named `structure.field`,
 * complex numbers two columns `.real` and `.imag`, cell arrays of texts and character matrices
 * columns of texts.
 */
export const matReader = (platform: Platform): Reader => ({
  sequential: false,
  async read(source, options) {
    const head = await source.read(0, Math.min(HEADER, source.size));
    // A file of version 5 begins with a text, so that none of its first four bytes is 0.
    if (head.subarray(0, 4).includes(0)) {
      if (mat4Order(head) === undefined)
        throw new DatasetFault("file_invalid", "the file does not begin as a MAT file does");
      return conformTable(await matTable(await readMat4(source), options), options.schema);
    }
    if (head.length < HEADER)
      throw new DatasetFault("file_invalid", `${head.length} bytes are too few for a MAT file`);
    if (isHdf5(head) || (source.size >= USER_BLOCK + 8 && isHdf5(await source.read(USER_BLOCK, 8))))
      return conformTable(
        await matTable(await readMat73(source, platform), options),
        options.schema,
      );
    const order = String.fromCharCode(head[126] ?? 0, head[127] ?? 0);
    if (order !== "IM" && order !== "MI")
      throw new DatasetFault("file_invalid", "the file does not begin as a MAT file does");
    const arrays = await readMat5(source, order === "IM", platform);
    return conformTable(await matTable(arrays, options), options.schema);
  },
});
