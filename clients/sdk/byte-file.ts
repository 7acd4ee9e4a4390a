/** A file that is read by ranges, more than once. */
export type ByteFile = {
  readonly size: number;
  /** The bytes from `from` to before `to`. */
  slice(from: number, to: number): Promise<Uint8Array<ArrayBuffer>>;
};

/** Node's `fs.openAsBlob` makes a Blob of a file without reading it. */
export type FileSource = Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ByteFile;

export function byteFile(source: FileSource): ByteFile {
  if (source instanceof Blob)
    return {
      size: source.size,
      slice: async (from, to) => new Uint8Array(await source.slice(from, to).arrayBuffer()),
    };
  if (source instanceof ArrayBuffer) return byteFile(new Uint8Array(source));
  if (source instanceof Uint8Array)
    return { size: source.length, slice: async (from, to) => source.subarray(from, to) };
  return source;
}
