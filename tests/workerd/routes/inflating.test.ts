import { expect, it } from "vitest";
import { platform } from "../../../workers/data/platform.ts";

const MIB = 2 ** 20;

async function deflated(mebibytes: number): Promise<Uint8Array> {
  const zeros = new Uint8Array(MIB);
  const plain = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (mebibytes-- > 0) controller.enqueue(zeros);
      else controller.close();
    },
  });
  const packed = plain.pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

it("a little that inflates to much keeps nobody waiting until it is all there", async () => {
  const bomb = await deflated(64);
  expect(bomb.length).toBeLessThan(MIB / 4);
  let turns = 0;
  const others = setInterval(() => void (turns += 1), 0);
  let inflated = 0;
  for await (const part of platform.inflateZlib(once(bomb))) {
    inflated += part.length;
    if (inflated >= 48 * MIB) break;
  }
  clearInterval(others);
  // A turn for each 4 KiB of what came in, each of which becomes up to 4 MiB.
  expect(turns).toBeGreaterThanOrEqual(4);
});

it.each([
  ["deflate", platform.unzlib],
  ["gzip", platform.ungzip],
] as const)("%s gives all that is stated to be there, and no byte more", async (format, unpack) => {
  for (const size of [1, 16_384, 41_702, 65_536, 100_000, 175_274, 300_000, MIB]) {
    const bytes = Uint8Array.from({ length: size }, (_, at) => (at * at) >> 3);
    const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream(format));
    const body = new Uint8Array(await new Response(packed).arrayBuffer());
    expect(unpack(body, size)).toEqual(bytes);
    expect(() => unpack(body, size - 1)).toThrow(RangeError);
  }
});
