import * as z from "zod";
import { NODE_KINDS } from "../domain/lineage/lineage-node.ts";
import { id, Instant } from "./common.ts";
import { DatasetVersionView } from "./dataset.ts";
import {
  DEFAULT_DEPTH,
  DEFAULT_TRACED,
  MOST_DEPTH,
  MOST_PUT,
  MOST_TRACED,
} from "./lineage-record.ts";

const Id = z.string().min(1).max(8_000).meta({
  description:
    "The id of a version of a dataset, a transformation, a run or an experiment; `mdl_…@3` of a version of a model; of what is outside `ds:` or `job:` and its namespace and name",
  example: "dsv_01jd0000000000000000000000",
});
export const NodePath = z.object({ node: Id.meta({ param: { name: "node", in: "path" } }) });

const Kinds = z
  .string()
  .transform((text) => text.split(","))
  .pipe(z.array(z.enum(NODE_KINDS)).min(1))
  .optional()
  .meta({ description: `Only these are listed, joined by commas: ${NODE_KINDS.join(", ")}` });

export const TraceQuery = z.object({
  depth: z.coerce
    .number()
    .int()
    .min(1)
    .max(MOST_DEPTH)
    .default(DEFAULT_DEPTH)
    .meta({ description: "Steps away from the node" }),
  kinds: Kinds,
  limit: z.coerce.number().int().min(1).max(MOST_TRACED).default(DEFAULT_TRACED),
  cursor: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .meta({ description: "`next_cursor` of the answer before" }),
  budget_ms: z.coerce.number().int().min(1).max(10_000).default(1_000).meta({
    description:
      "Beyond this no further step is begun. Deployed, a clock stands still while code runs; what bounds the work there is how many nodes and edges one answer may read",
  }),
  as: z
    .enum(["json", "svg"])
    .optional()
    .meta({ description: "A picture also with `Accept: image/svg+xml`" }),
});

const members = {
  node_id: z.string(),
  node_type: z.enum(NODE_KINDS),
  label: z.string().meta({ example: "bearings@3" }),
  created_at: Instant.nullable().meta({
    description: "Null for a node that an edge has named and nothing has described",
  }),
  metadata: z.record(z.string(), z.unknown()).meta({
    description:
      "`unknown` where nothing has described it; `deleted` where it is kept only for what was made from it",
  }),
};
const edges = {
  incoming_edges: z.array(z.string()),
  outgoing_edges: z.array(z.string()),
};

export const LineageNodeSummary = z.object(members).meta({ id: "LineageNodeSummary" });
export const LineageNodeView = z
  .object({
    ...members,
    ...edges,
    facets: z
      .record(z.string(), z.unknown())
      .meta({ description: "What OpenLineage has told of it, by the names of its facets" }),
  })
  .meta({ id: "LineageNode" });
export const TracedNodeView = z
  .object({
    ...members,
    depth: z.int().meta({ description: "Steps from the node that was asked for" }),
    ...edges,
  })
  .meta({ id: "TracedNode", description: "With those of its edges that are in the answer" });
export const LineageEdgeView = z
  .object({ from: z.string(), to: z.string() })
  .meta({ id: "LineageEdge", description: "`to` was made from `from`, or used it" });

const used = {
  node_id: z.string(),
  node_type: z.enum(NODE_KINDS),
};
const Truncated = z.boolean().meta({ description: "Whether there is more than the answer has" });

export const TraceView = z
  .object({
    nodes: z.array(TracedNodeView).meta({ description: "Nearest first" }),
    edges: z.array(LineageEdgeView),
    truncated: Truncated,
    why: z
      .enum(["depth", "nodes", "edges", "time"])
      .nullable()
      .meta({ description: "Which bound the answer has met" }),
    next_cursor: z.string().nullable(),
    used_by_others: z
      .array(z.object({ ...used, version_id: id("dsv").meta({ description: "What it uses" }) }))
      .meta({
        description:
          "Downstream: what is somebody else's and uses one of the versions in `nodes`, where that is of a dataset of yours. What came of it is in their lineage",
      }),
  })
  .meta({ id: "LineageTrace" });

export const CommonAncestorsQuery = z.object({ a: Id, b: Id });
export const CommonAncestorsView = z
  .object({
    ancestors: z
      .array(
        z.object({
          ...members,
          distance_a: z.int().meta({ description: "Steps from it to `a`" }),
          distance_b: z.int(),
        }),
      )
      .meta({ description: "Nearest first; `a` itself where `b` was made from it" }),
    truncated: Truncated,
  })
  .meta({ id: "CommonAncestors" });

export const CyclesView = z
  .object({
    cycles: z
      .array(z.array(z.string()))
      .meta({ description: "Each in the direction of data; it ends with the node it begins with" }),
    truncated: Truncated,
  })
  .meta({ id: "LineageCycles" });

export const ChainView = z
  .object({
    nodes: z.array(LineageNodeSummary).meta({ description: "Roots first, the node last" }),
    edges: z.array(LineageEdgeView),
    truncated: Truncated,
  })
  .meta({ id: "LineageChain" });

export const ImpactBody = z
  .union([
    z.strictObject({ version_ids: z.array(Id).min(1).max(100) }),
    z.strictObject({
      version_id: Id,
      rows: z
        .array(z.int().min(0))
        .min(1)
        .max(100_000)
        .optional()
        .meta({ description: "Numbers of the rows that are withdrawn; left out: all of them" }),
    }),
  ])
  .meta({
    id: "LineageImpactRequest",
    example: { version_ids: ["dsv_01jd0000000000000000000000"] },
  });
export type ImpactBody = z.input<typeof ImpactBody>;

const Count = z.int().min(0);
const reason = {
  path: z
    .array(z.string())
    .meta({ description: "Why: the shortest way from what is withdrawn to it" }),
  certain: z.boolean().meta({
    description:
      "Whether the rows are certain to have had their part. False where every way leads through a step that may leave rows out: a filter, sample, split, join or aggregate, or a version that only followed another",
  }),
};
export const ImpactView = z
  .object({
    affected: z
      .array(z.object({ ...members, ...reason }))
      .meta({ description: "Runs, versions of models and experiments, nearest first" }),
    used_by_others: z.array(z.object({ ...used, ...reason })).meta({
      description:
        "What is somebody else's and uses a version of a dataset of yours that has the rows: runs, versions of models, and versions and transformations of their datasets. What came of those is in their lineage",
    }),
    counts: z.object({ run: Count, model_version: Count, experiment: Count }),
    truncated: Truncated,
  })
  .meta({ id: "LineageImpact" });

export const UsedVersionsQuery = z.object({ by: Id });
export const UsedVersionsView = z
  .object({
    items: z
      .array(
        DatasetVersionView.extend({
          depth: z.int().meta({ description: "Steps to it from what used it" }),
          direct: z.boolean().meta({
            description:
              "Whether a run or a model's version read it itself, and not only something that was made from it",
          }),
        }),
      )
      .meta({ description: "Nearest first" }),
    truncated: Truncated,
  })
  .meta({ id: "UsedDatasetVersions" });
export type UsedVersionsView = z.infer<typeof UsedVersionsView>;

const VersionIds = z.array(id("dsv")).max(100);
export const ModelDataBody = z
  .strictObject({
    dataset_versions: VersionIds.default([]).meta({
      description: "What it was made from, in the place of what was named before",
    }),
    run_id: id("run").optional().meta({ description: "The run that made it" }),
  })
  .meta({ id: "PutModelData" });
export type ModelDataBody = z.input<typeof ModelDataBody>;
export const ModelDataView = z
  .object({ node_id: z.string(), dataset_versions: VersionIds, runs: z.array(id("run")) })
  .meta({ id: "ModelData" });

export type LineageNodeSummary = z.infer<typeof LineageNodeSummary>;
export type LineageNodeView = z.infer<typeof LineageNodeView>;
export type TraceQuery = z.input<typeof TraceQuery>;
export type TraceView = z.infer<typeof TraceView>;
export type CommonAncestorsView = z.infer<typeof CommonAncestorsView>;
export type CyclesView = z.infer<typeof CyclesView>;
export type ChainView = z.infer<typeof ChainView>;
export type ImpactView = z.infer<typeof ImpactView>;
export type ModelDataView = z.infer<typeof ModelDataView>;

/** An event too many, and the whole batch is refused. */
export const MOST_EVENTS = Math.min(1_000, MOST_PUT);
