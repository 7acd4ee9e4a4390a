/** What of Node's zlib workerd has, and this Worker uses. */
declare module "node:zlib" {
  type Options = { maxOutputLength: number; params?: Record<number, number> };
  /** Throws where the bytes are not of the format, cut off, or more than `maxOutputLength`. */
  export function inflateSync(bytes: Uint8Array, options: Options): Uint8Array;
  export function gunzipSync(bytes: Uint8Array, options: Options): Uint8Array;
  export function brotliDecompressSync(bytes: Uint8Array, options: Options): Uint8Array;
  export function zstdDecompressSync(bytes: Uint8Array, options: Options): Uint8Array;
  export const constants: { readonly ZSTD_d_windowLogMax: number };
}
