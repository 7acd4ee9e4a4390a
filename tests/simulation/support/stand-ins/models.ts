import type { Directory } from "./directory.ts";

/** A model's rows in the directory are not looked at here; writing them may fail as everything may. */
const write = (directory: Directory): Promise<unknown> => directory.query(() => null);

export const putVersion = write;
export const removeVersion = write;
export const putAlias = write;
export const removeAlias = write;
export const removeModel = write;
