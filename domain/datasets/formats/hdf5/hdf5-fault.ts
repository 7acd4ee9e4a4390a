import { DatasetFault } from "../../dataset-fault.ts";

/** `what` tells what was found, and where. */
export const damaged = (what: string): DatasetFault =>
  new DatasetFault("file_invalid", `the HDF5 file is truncated or damaged: ${what}`);

/** `what` names what the file uses, and `advice` what to do about it. */
export const unsupported = (what: string, advice: string): DatasetFault =>
  new DatasetFault("file_unsupported", `HDF5: ${what} cannot be read here; ${advice}`);

export const tooLarge = (what: string): DatasetFault =>
  new DatasetFault("file_too_large", `HDF5: ${what}`);
