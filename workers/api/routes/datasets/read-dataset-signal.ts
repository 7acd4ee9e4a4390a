import { createRoute } from "@hono/zod-openapi";
import { AsOf, DatasetVersionPath } from "../../../../contract/dataset.ts";
import { SignalQuery, SignalView } from "../../../../contract/dataset-contents.ts";
import { DATA_FAULTS } from "../../datasets/dataset-problem.ts";
import { storedVersion } from "../../datasets/owned-dataset.ts";
import { readSignal, signalPicture } from "../../datasets/read-signal.ts";
import { accepts, SVG, SVG_ANSWER, SVG_HEADERS } from "../../http/pictures.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "readDatasetSignal",
  tags: ["Datasets"],
  summary: "Read one signal, or a part of it",
  method: "get",
  path: "/v1/datasets/{dataset}/versions/{version}/signal",
  request: { params: DatasetVersionPath, query: AsOf.extend(SignalQuery.shape) },
  responses: {
    200: {
      description: "The samples, as JSON or as a picture",
      content: { "application/json": { schema: SignalView }, ...SVG_ANSWER },
    },
    ...securedProblems(
      "invalid_request",
      "dataset_not_found",
      "dataset_version_not_found",
      ...DATA_FAULTS,
    ),
  },
});

export const readDatasetSignal = operation().openapi(route, async (c) => {
  const { as_of, ...query } = c.req.valid("query");
  const { row, record, file } = await storedVersion(c, c.req.valid("param"), as_of);
  const signal = await readSignal(c.env, file, query);
  if (!accepts(c, SVG)) return c.json(signal, 200);
  const title = `${row.name}@${record.version_number}, ${signal.column}, row ${signal.row}`;
  return c.body(signalPicture(signal, title), 200, SVG_HEADERS);
});
