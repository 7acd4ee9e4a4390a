/** What of Node's zlib workerd has, and this Worker uses. */
declare module "node:zlib" {
  /**
   * Throws a RangeError where there is more than `maxOutputLength`, and another Error where the
   * bytes are no gzip, cut off, or not what their checksum says.
   */
  export function gunzipSync(bytes: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
}
