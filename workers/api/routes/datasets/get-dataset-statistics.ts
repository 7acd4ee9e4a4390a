import { createRoute } from "@hono/zod-openapi";
import { AsOf, DatasetVersionPath } from "../../../../contract/dataset.ts";
import { StatisticsView } from "../../../../contract/dataset-contents.ts";
import { profilePlot } from "../../../../domain/datasets/preview/profile-plot.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { granted } from "../../datasets/dataset-problem.ts";
import { readableDataset, selectorOf } from "../../datasets/owned-dataset.ts";
import { accepts, SVG, SVG_ANSWER, SVG_HEADERS } from "../../http/pictures.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "getDatasetStatistics",
  tags: ["Datasets"],
  summary: "Read what is known of the columns of a version",
  method: "get",
  path: "/v1/datasets/{dataset}/versions/{version}/statistics",
  request: { params: DatasetVersionPath, query: AsOf },
  responses: {
    200: {
      description: "The statistics, as JSON or as a picture",
      content: { "application/json": { schema: StatisticsView }, ...SVG_ANSWER },
    },
    ...securedProblems("invalid_request", "dataset_not_found", "dataset_version_not_found"),
  },
});

export const getDatasetStatistics = operation().openapi(route, async (c) => {
  const { dataset: ref, version } = c.req.valid("param");
  const { row, open } = await readableDataset(c, ref);
  const selector = selectorOf(version, c.req.valid("query").as_of);
  const { record, inspection } = granted(
    await callActor(open, (dataset) => dataset.inspected(selector)),
  );
  const { columns, warnings } = inspection;
  if (accepts(c, SVG)) {
    const title = `${row.name}@${record.version_number}`;
    return c.body(profilePlot(columns, { title }), 200, SVG_HEADERS);
  }
  const { version_id, row_count, size_bytes } = record;
  return c.json({ version_id, row_count, size_bytes, columns, warnings }, 200);
});
