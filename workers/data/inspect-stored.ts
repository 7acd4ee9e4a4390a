import type { StoredFile } from "../../contract/dataset-record.ts";
import type { ByteSource } from "../../domain/datasets/byte-source.ts";
import type { Inspection } from "../../domain/datasets/inspection.ts";
import { inferAndInspect, inspectSource, wasGuessedWrong } from "./inspect-source.ts";
import { refuseOther } from "./refuse-file.ts";
import { streamedSha256 } from "./sha256.ts";
import { piecesOf } from "./stored-source.ts";

const HEAD_BYTES = 4_096;

/** What a stored file is, and its SHA-256, of one reading where the format is read forward. */
export async function inspectStored(
  open: () => ByteSource,
  { format, read_options }: StoredFile,
): Promise<{ inspection: Inspection; content_hash: string }> {
  const source = open();
  refuseOther(await source.read(0, Math.min(HEAD_BYTES, source.size)), format);
  const hashed = hashedForward(source);
  const inspection = await inspectSource(hashed.source, format, read_options).catch(
    (error: unknown) => {
      if (!wasGuessedWrong(error, read_options)) throw error;
      return inferAndInspect(open(), format, read_options);
    },
  );
  return { inspection, content_hash: (await hashed.end()) ?? (await hashOf(open())) };
}

/** Hashes what is read as long as it is read in order; null at the end where it was not. */
function hashedForward(source: ByteSource): { source: ByteSource; end(): Promise<string | null> } {
  const digest = streamedSha256();
  let at = 0;
  return {
    source: {
      size: source.size,
      async read(offset, length) {
        const bytes = await source.read(offset, length);
        if (offset !== at) return bytes;
        at += length;
        await digest.write(bytes);
        return bytes;
      },
    },
    async end() {
      const hash = await digest.end();
      return at === source.size ? hash : null;
    },
  };
}

async function hashOf(source: ByteSource): Promise<string> {
  const digest = streamedSha256();
  for await (const piece of piecesOf(source)) await digest.write(piece);
  return digest.end();
}
