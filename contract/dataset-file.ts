/**
 * What both sides know of files. A client that cuts them otherwise sends bytes which the dataset
 * has, and never finds out.
 */
export { chunksOf } from "../domain/datasets/chunks/fast-cdc.ts";
export { END_BYTES } from "../domain/datasets/file-ends.ts";
export { encodePack, PACK_LIMITS } from "../domain/datasets/chunks/pack-frame.ts";
export { parquetBoundaries } from "../domain/datasets/chunks/parquet-boundaries.ts";
export { EXPORT_FORMATS, EXTENSIONS } from "../domain/datasets/formats/format-names.ts";
