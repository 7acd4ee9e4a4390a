import * as z from "zod";
import { MOST_EVENTS, NodePath } from "./lineage.ts";

const EventBody = z.looseObject({
  eventTime: z.string().meta({ example: "2026-11-21T09:30:00.000Z" }),
  producer: z.string().meta({ example: "https://example.com/trainer" }),
});

/** What it must have is checked one event at a time, so that the good ones of a batch are kept. */
export const OpenLineageBody = z
  .union([EventBody, z.array(z.unknown()).min(1).max(MOST_EVENTS)], {
    error: `expected an event with eventTime and producer, or a list of 1 to ${MOST_EVENTS} events`,
  })
  .meta({
    id: "OpenLineageBody",
    description:
      "A RunEvent, DatasetEvent or JobEvent of OpenLineage 2-0-2 or before, or a list of them",
    example: {
      eventTime: "2026-11-21T09:30:00.000Z",
      producer: "https://example.com/trainer",
      job: { namespace: "training", name: "bearings" },
    },
  });

export const OpenLineageAnswer = z
  .object({
    status: z.enum(["success", "partial_success"]),
    summary: z.object({
      received: z.int(),
      successful: z.int(),
      failed: z.int(),
      retriable: z.int().meta({ description: "0: what was refused will be refused again" }),
      non_retriable: z.int(),
    }),
    failed_events: z.array(
      z.object({
        index: z.int(),
        pointer: z.string(),
        reason: z.string(),
        retriable: z.literal(false),
      }),
    ),
  })
  .meta({ id: "OpenLineageAnswer" });

export const OpenLineageQuery = z.object({ node: NodePath.shape.node.meta({ param: undefined }) });

const facet = { _producer: z.string(), _schemaURL: z.string() };
export const HyperparametersFacet = z
  .looseObject({ ...facet, parameters: z.record(z.string(), z.unknown()) })
  .meta({
    id: "LinnetHyperparametersRunFacet",
    description: "`linnet_hyperparameters`: what a training was set to",
  });
export const EvaluationFacet = z
  .looseObject({ ...facet, metrics: z.record(z.string(), z.number()) })
  .meta({
    id: "LinnetEvaluationRunFacet",
    description: "`linnet_evaluation`: what a training came to, by the names of metrics",
  });
export const CodeFacet = z
  .looseObject({ ...facet, code_hash: z.string() })
  .meta({ id: "LinnetCodeRunFacet", description: "`linnet_code`: the hash of the code that ran" });
export const TransformationFacet = z
  .looseObject({
    ...facet,
    transformation_type: z.string().nullable(),
    code_hash: z.string().nullable(),
    parameters: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({
    id: "LinnetTransformationRunFacet",
    description: "`linnet_transformation`: how a version of a dataset was made of others",
  });
export const ModelFacet = z.looseObject({ ...facet, model: z.string(), version: z.int() }).meta({
  id: "LinnetModelDatasetFacet",
  description: "`linnet_model`: the dataset is a version of a model in the registry",
});

const Dataset = z.looseObject({
  namespace: z.string(),
  name: z.string(),
  facets: z.looseObject({ linnet_model: ModelFacet.optional() }),
});
export const OpenLineageEvents = z
  .object({
    events: z.array(
      z.looseObject({
        eventTime: z.string(),
        producer: z.string(),
        schemaURL: z.string(),
        eventType: z.string().optional(),
        run: z
          .looseObject({
            runId: z.string(),
            facets: z.looseObject({
              linnet_hyperparameters: HyperparametersFacet.optional(),
              linnet_evaluation: EvaluationFacet.optional(),
              linnet_code: CodeFacet.optional(),
              linnet_transformation: TransformationFacet.optional(),
            }),
          })
          .optional(),
        job: z.looseObject({ namespace: z.string(), name: z.string() }).optional(),
        dataset: Dataset.optional(),
        inputs: z.array(Dataset).optional(),
        outputs: z.array(Dataset).optional(),
      }),
    ),
    truncated: z.boolean(),
  })
  .meta({ id: "OpenLineageEvents" });

export type OpenLineageBody = z.input<typeof OpenLineageBody>;
export type OpenLineageAnswer = z.infer<typeof OpenLineageAnswer>;
export type OpenLineageEvents = z.infer<typeof OpenLineageEvents>;
