import { datasets } from "../../../clients/sdk/index.ts";
import { quantileOf, ratioOf, type Row } from "../experiments/row.ts";
import type { BareStorage } from "./bare-storage.ts";
import { middleOf } from "./figures.ts";
import type { HeldPlatform } from "./held-platform.ts";
import { smallCsv } from "./large-csv.ts";

const BYTES = 1_000_000;

/** Files of 1 MB, each a new version of one dataset, beside the same bytes put into R2 alone. */
export async function measureSmallFiles(
  { client }: HeldPlatform,
  storage: BareStorage,
  quick: boolean,
): Promise<Row[]> {
  await datasets.create(client, { name: "small", format: "csv" });
  const rounds = quick ? 5 : 40;
  const [ours, bare]: [number[], number[]] = [[], []];
  const timed = async (times: number[], round: number, put: () => Promise<unknown>) => {
    const began = performance.now();
    await put();
    // The first is the warm-up.
    if (round > 0) times.push(performance.now() - began);
  };
  for (let round = 0; round <= rounds; round += 1) {
    const file = smallCsv(BYTES, round);
    await timed(ours, round, () => datasets.putFile(client, "small", file));
    await timed(bare, round, () => storage.put(`small-${round}`, file));
  }
  const [median, theirs] = [quantileOf(ours, 0.5), quantileOf(bare, 0.5)];
  return [
    {
      measure: "a file of 1 MB in one PUT, ms",
      ours: middleOf(ours),
      peers: [
        {
          name: "PUT into R2 of a bare Worker",
          value: middleOf(bare),
          ratio: ratioOf(median, theirs),
        },
      ],
      how: `${rounds} files in turns, all different; ours parses and profiles each row, chunks and hashes, and commits a version`,
    },
  ];
}
