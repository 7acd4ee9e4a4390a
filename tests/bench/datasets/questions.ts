import { datasets } from "../../../clients/sdk/index.ts";
import { percent, quantileOf, ratioOf, type Row, whole } from "../experiments/row.ts";
import { memoryRow, middleOf, mib, seconds, timesOf } from "./figures.ts";
import type { HeldPlatform } from "./held-platform.ts";

type Asked = {
  platform: HeldPlatform;
  /** Has two versions, of which the second is edited. */
  dataset: string;
  /** How long the platform took to read all of the second version. */
  inspection_ms: number;
  quick: boolean;
};
type Compared = { bytes_compared: number; changed: number; whole: boolean };

/** What is asked of a large dataset. */
export async function measureQuestions(asked: Asked): Promise<Row[]> {
  const { platform, dataset } = asked;
  const second = await datasets.getVersion(platform.client, dataset, 2);
  return [
    ...(await measureLookups(asked, second.created_at)),
    ...(await measureReading(asked, second.row_count ?? 0)),
    ...(await measureComparison(asked, second.size_bytes)),
  ];
}

async function measureLookups(
  { platform: { client }, dataset, quick }: Asked,
  committed: string,
): Promise<Row[]> {
  await datasets.putTag(client, dataset, "raw", 1);
  const earlier = new Date(Date.parse(committed) - 1).toISOString();
  const asked: [
    measure: string,
    version: datasets.VersionRef,
    as_of: string | undefined,
    number: number,
  ][] = [
    ["by its number", 1, undefined, 1],
    ["by a tag", "raw", undefined, 1],
    ["that was the head a millisecond before the second", "head", earlier, 1],
    ["that is the head as of the second's time", "head", committed, 2],
  ];
  const rows: Row[] = [];
  const rounds = quick ? 20 : 200;
  for (const [measure, version, as_of, number] of asked) {
    const times = await timesOf(rounds, async () => {
      const found = await datasets.getVersion(client, dataset, version, { as_of });
      if (found.version_number !== number)
        throw new Error(`the version ${measure} is ${found.version_number}, not ${number}`);
    });
    const how = `${rounds} requests, one after the other, each with schema and uses`;
    rows.push({ measure: `a version ${measure}, ms`, ours: middleOf(times), peers: [], how });
  }
  return rows;
}

async function measureReading(
  { platform: { client }, dataset, quick }: Asked,
  count: number,
): Promise<Row[]> {
  const rows: Row[] = [];
  const row = async (
    measure: string,
    ask: () => Promise<string>,
    rounds = quick ? 2 : 10,
  ): Promise<void> => {
    let how = "";
    const times = await timesOf(rounds, async () => (how = await ask()));
    rows.push({ measure: `${measure}, ms`, ours: middleOf(times), peers: [], how });
  };
  await row(
    "preview by class",
    async () => {
      const { classes, rows_read } = await datasets.preview(client, dataset, 1, { by: "label" });
      return `3 rows of each of ${classes.length} classes; ${whole(rows_read)} rows read of ${whole(count)}`;
    },
    1,
  );
  for (const [where, from] of [
    ["the first", 0],
    ["the middle", Math.floor(count / 2)],
  ] as const)
    await row(`20 rows from ${where} on`, async () => {
      const found = await datasets.rows(client, dataset, 1, { from });
      if (found.rows[0]?.["id"] !== from) throw new Error(`the row ${from} is another`);
      return `of ${whole(count)}`;
    });
  await row("statistics of all columns", async () => {
    const { columns } = await datasets.statistics(client, dataset, 1);
    return `${columns.length} columns, known since the inspection`;
  });
  return rows;
}

async function measureComparison(
  { platform, dataset, inspection_ms, quick }: Asked,
  size: number,
): Promise<Row[]> {
  const compare = async () => {
    const query = { from: 1, to: 2, key: "id" };
    return (await datasets.compare(platform.client, dataset, query)) as unknown as Compared;
  };
  const rounds = quick ? 1 : 3;
  const times = await timesOf(rounds, compare);
  await platform.watch();
  const { bytes_compared, changed } = await compare();
  const memory = await platform.memory();
  const ms = quantileOf(times, 0.5);
  return [
    {
      measure: "comparison of the two versions by their key, s",
      ours: seconds(ms),
      peers: [
        {
          name: "reading one of them once (inspection)",
          value: seconds(inspection_ms),
          ratio: ratioOf(ms, inspection_ms),
        },
      ],
      how: `${whole(changed)} rows found changed; ${mib(bytes_compared)} MiB read of ${mib(2 * size)} in both, ${percent(bytes_compared / (2 * size), 1)}; ${rounds} rounds`,
    },
    memoryRow("comparison", memory),
  ];
}
