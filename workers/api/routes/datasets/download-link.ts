import { createRoute } from "@hono/zod-openapi";
import * as z from "zod";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { datasetOfLink, openLink } from "../../datasets/open-link.ts";
import { DATA_FAULTS, granted } from "../../datasets/dataset-problem.ts";
import { OCTETS, sendExport, sendFile } from "../../datasets/send-file.ts";
import { operation } from "../../http/app-env.ts";
import { problemResponses } from "../../http/problem.ts";

const route = createRoute({
  operationId: "downloadLink",
  tags: ["Datasets"],
  summary: "Download what a link was made for",
  description: "Needs no key. Takes ranges, but for a version in another format.",
  method: "get",
  path: "/v1/downloads/{token}",
  request: { params: z.object({ token: z.string().max(300) }) },
  responses: {
    200: { description: "The file", content: OCTETS },
    206: { description: "The range", content: OCTETS },
    ...problemResponses(
      "invalid_request",
      "link_rejected",
      "dataset_not_found",
      "dataset_version_not_found",
      "range_unsatisfiable",
      ...DATA_FAULTS,
    ),
  },
});

export const downloadLink = operation().openapi(route, async (c) => {
  const { format, version_number, ...link } = await openLink(c, c.req.valid("param").token);
  const { row, open } = await datasetOfLink(c, link);
  const stored = granted(await callActor(open, (dataset) => dataset.stored({ version_number })));
  return format === null
    ? sendFile(c, { row, ...stored })
    : sendExport(c, { row, open, ...stored }, format);
});
