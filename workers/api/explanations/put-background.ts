import type { Context } from "hono";
import type * as z from "zod";
import type { BackgroundView, PutBackground } from "../../../contract/background.ts";
import type { ModelVersion } from "../../../contract/model-lease.ts";
import { openDirectory } from "../../../database/directory.ts";
import {
  type BackgroundRow,
  type ListedBackground,
  putBackground,
} from "../../../database/backgrounds.ts";
import {
  allRows,
  kMeansBackground,
  stratifiedBackground,
} from "../../../domain/explain/background/summarise-background.ts";
import { feedsFromRows, layoutOf, rowsFromFeeds } from "../../../domain/explain/rows.ts";
import type { Background } from "../../../domain/explain/game.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { ApiProblem } from "../http/problem.ts";
import { instant } from "../http/times.ts";
import { bodyOf, forgetBackground } from "./backgrounds.ts";
import { orExplainProblem } from "./explain-problem.ts";
import { readInstances } from "./read-call.ts";

type Asked = z.output<typeof PutBackground>;

const SIZE = 100;
/** Below what D1 takes in a row, and what an isolate should hold of many sets. */
const LARGEST_BODY = 1_000_000;

/** Summarises rows and keeps them as a set of the version under this name. */
export async function keepBackground(
  c: Context<AppEnv>,
  version: ModelVersion,
  name: string,
  asked: Asked,
): Promise<BackgroundRow> {
  const feeds = await readInstances(c, version, asked.inputs);
  const layout = orExplainProblem(() => layoutOf(version.signature, feeds));
  const { rows, count } = rowsFromFeeds(layout, feeds);
  const { size = SIZE, seed = 0 } = asked;
  const method = asked.method ?? (count <= size ? "all" : "k_means");
  const set = orExplainProblem((): Background => {
    const random = seededRandom(seed);
    if (method === "all") return allRows(rows, layout);
    if (method === "k_means") return kMeansBackground(rows, layout, size, random);
    return stratifiedBackground(rows, layout, size, strataOf(asked, count), random);
  });
  const weights = Array.from(set.weights);
  const body = bodyOf({ feeds: feedsFromRows(layout, set.rows, 0, set.count), weights });
  if (body.length > LARGEST_BODY)
    throw new ApiProblem(
      "body_too_large",
      `the set has ${set.count} rows and ${body.length} bytes; at most ${LARGEST_BODY} are kept: ask for a 'size' of ${Math.max(1, Math.floor((set.count * LARGEST_BODY) / body.length))} or fewer`,
    );
  const row: BackgroundRow = {
    id: newId("bkg"),
    model_id: version.model_id,
    version: version.version,
    name,
    method,
    rows: set.count,
    source_rows: count,
    seed,
    body,
    created_at: Date.now(),
    created_by: c.get("admission").principal.key_id,
  };
  await putBackground(openDirectory(c.env.DB), row);
  forgetBackground(version.model_id, version.version, name);
  return row;
}

function strataOf({ strata }: Asked, rows: number): string[] | null {
  if (strata === undefined) return null;
  if (strata.length === rows) return strata.map(String);
  throw new ApiProblem(
    "explanation_invalid",
    `'strata' has ${strata.length} entries where the inputs have ${rows} rows; give one for each`,
    { field: "strata" },
  );
}

export const viewBackground = (
  model: string,
  version: number,
  { id, name, method, rows, source_rows, seed, created_at, created_by }: ListedBackground,
): BackgroundView => ({
  background_id: id,
  name,
  model,
  version,
  method,
  rows,
  source_rows,
  seed,
  created_at: instant(created_at),
  created_by,
});
