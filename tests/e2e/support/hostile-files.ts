import { crc32, deflateRawSync } from "node:zlib";
import type { DatasetView } from "../../../contract/dataset.ts";

export type HostileFile = { what: string; format: DatasetView["format"]; bytes: Buffer };

const uint16 = (value: number) => Buffer.from(Uint16Array.of(value).buffer);
const uint32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const uint64 = (value: bigint) => Buffer.from(BigUint64Array.of(value).buffer);

/** A .npy file whose header says what it likes of the data behind it. */
function npy(shape: string, data: Buffer, descr = "'<f8'"): Buffer {
  const header = `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }\n`;
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    uint16(header.length),
    Buffer.from(header, "latin1"),
    data,
  ]);
}

/** A .npz archive of one array; `size` is how long the directory says that it is. */
function npz(array: Buffer, size = array.length): Buffer {
  const packed = deflateRawSync(array);
  const name = Buffer.from("a.npy");
  const described = Buffer.concat([
    ...[20, 0, 8, 0, 0].map(uint16),
    ...[crc32(array), packed.length, size].map(uint32),
    ...[name.length, 0].map(uint16),
  ]);
  const local = Buffer.concat([uint32(0x04034b50), described, name, packed]);
  const entry = [uint32(0x02014b50), uint16(20), described, uint16(0), uint16(0), uint16(0)];
  const central = Buffer.concat([...entry, uint32(0), uint32(0), name]);
  const end = [...[0, 0, 1, 1].map(uint16), ...[central.length, local.length].map(uint32)];
  return Buffer.concat([local, central, uint32(0x06054b50), ...end, uint16(0)]);
}

const MANY_ZEROS = Buffer.alloc(128 * 2 ** 20);

/** Files that say more than they hold, or hold more than they say. */
export const LYING_FILES: HostileFile[] = [
  {
    what: "a footer of 4 GB",
    format: "parquet",
    bytes: Buffer.concat([
      Buffer.from("PAR1"),
      Buffer.alloc(64),
      uint32(0xffff_fffe),
      Buffer.from("PAR1"),
    ]),
  },
  {
    what: "a superblock that points beyond its end",
    format: "hdf5",
    bytes: Buffer.concat([
      Buffer.from("\x89HDF\r\n\x1a\n", "latin1"),
      Buffer.from([2, 8, 8, 0]),
      uint64(0n),
      uint64(2n ** 64n - 1n),
      uint64(2n ** 62n),
      uint64(2n ** 61n),
      uint32(0),
    ]),
  },
  {
    what: "an element of 4 GB",
    format: "mat",
    bytes: Buffer.concat([
      Buffer.from("MATLAB 5.0 MAT-file".padEnd(124)),
      uint16(0x0100),
      Buffer.from("IM"),
      uint32(14),
      uint32(0xffff_fff0),
      Buffer.alloc(64),
    ]),
  },
  {
    what: "a record of 16 EiB",
    format: "tfrecord",
    bytes: Buffer.concat([uint64(2n ** 64n - 1n), Buffer.alloc(24)]),
  },
  {
    what: "an array of 10^19 values in 64 bytes",
    format: "numpy",
    bytes: npy("(99999999999, 99999999)", Buffer.alloc(64)),
  },
  {
    what: "a type of ten thousand parentheses",
    format: "numpy",
    bytes: npy("(1,)", Buffer.alloc(8), `${"(".repeat(10_000)}${")".repeat(10_000)}`),
  },
  {
    what: "an archive whose eight numbers are 128 MiB once unpacked",
    format: "numpy",
    bytes: npz(npy("(8,)", MANY_ZEROS), 192),
  },
  {
    what: "an archive with a header of 128 MiB",
    format: "numpy",
    bytes: npz(
      Buffer.concat([Buffer.from("\x93NUMPY\x02\x00\xff\xff\xff\x07", "latin1"), MANY_ZEROS]),
    ),
  },
  {
    what: "a list in a list, a million times",
    format: "json",
    bytes: Buffer.from("[".repeat(1_000_000)),
  },
  {
    what: "a row of a million cells",
    format: "csv",
    bytes: Buffer.from(`${"a,".repeat(1_000_000)}a\n`),
  },
];
