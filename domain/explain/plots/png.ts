import { base64 } from "./base64.ts";

/** Pixels row by row from the top left: one byte each as an index of a palette, or `samples` bytes each. */
export type Pixels = {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  readonly colour: "grey" | "rgb" | { readonly palette: readonly Rgba[] };
};

export type Rgba = readonly [red: number, green: number, blue: number, alpha: number];

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const COLOUR_TYPES = { grey: 0, rgb: 2, palette: 3 } as const;

/**
 * The pixels as a PNG file (W3C 2003) with eight bits a sample. The compressed stream (RFC 1950,
 * 1951) holds them as they are, in stored blocks: an inlined picture is compressed with the answer.
 */
export function writePng({ width, height, data, colour }: Pixels): Uint8Array {
  const samples = colour === "rgb" ? 3 : 1;
  if (data.length !== width * height * samples)
    throw new Error(`${data.length} bytes are no ${width} x ${height} pixels of ${samples}`);
  const type = typeof colour === "string" ? COLOUR_TYPES[colour] : COLOUR_TYPES.palette;
  const chunks = [
    chunk("IHDR", [...bigEndian(width), ...bigEndian(height), 8, type, 0, 0, 0]),
    ...(typeof colour === "string" ? [] : paletteChunks(colour.palette)),
    chunk("IDAT", zlibStored(scanLines(data, width * samples, height))),
    chunk("IEND", []),
  ];
  return joined([Uint8Array.from(SIGNATURE), ...chunks]);
}

export const pngUrl = (pixels: Pixels): string =>
  `data:image/png;base64,${base64(writePng(pixels))}`;

const paletteChunks = (palette: readonly Rgba[]): Uint8Array[] => [
  chunk(
    "PLTE",
    palette.flatMap(([red, green, blue]) => [red, green, blue]),
  ),
  chunk(
    "tRNS",
    palette.map(([, , , alpha]) => alpha),
  ),
];

/** Each line begins with a zero: no filter. */
function scanLines(data: Uint8Array, stride: number, height: number): Uint8Array {
  const lines = new Uint8Array(height * (stride + 1));
  for (let row = 0; row < height; row += 1)
    lines.set(data.subarray(row * stride, (row + 1) * stride), row * (stride + 1) + 1);
  return lines;
}

const MOST_STORED = 65_535;

function zlibStored(data: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += MOST_STORED) {
    const block = data.subarray(at, at + MOST_STORED);
    const isLast = at + MOST_STORED >= data.length;
    const { length } = block;
    const size = [length & 255, length >> 8];
    blocks.push(
      Uint8Array.from([isLast ? 1 : 0, ...size, ...size.map((byte) => byte ^ 255)]),
      block,
    );
  }
  return joined([Uint8Array.of(0x78, 0x01), ...blocks, bigEndian(adler32(data))]);
}

function chunk(type: string, data: ArrayLike<number>): Uint8Array {
  const body = new Uint8Array(4 + data.length);
  for (let at = 0; at < 4; at += 1) body[at] = type.charCodeAt(at);
  body.set(data, 4);
  return joined([bigEndian(data.length), body, bigEndian(crc32(body))]);
}

const bigEndian = (value: number): Uint8Array =>
  Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1)
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  return remainder;
});

function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 255] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

function adler32(data: Uint8Array): number {
  let [a, b] = [1, 0];
  for (const byte of data) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return ((b << 16) | a) >>> 0;
}
