import * as z from "zod";
import {
  excessOf,
  LONGEST_METRICS,
  LONGEST_PARAMETERS,
  MOST_METRICS,
} from "../domain/lineage/run-size.ts";
import { RUN_STATUSES } from "../domain/lineage/run-status.ts";
import { AnyJson, id, Instant, line, Name, PageQuery, pageOf } from "./common.ts";
import { DatasetRef, VersionRef } from "./dataset.ts";
import { LineageNodeSummary } from "./lineage.ts";
import { VersionNumber } from "./model.ts";

export const RunPath = z.object({
  run_id: id("run").meta({ param: { name: "run_id", in: "path" } }),
});
export const RunStatus = z.enum(RUN_STATUSES);

const DatasetVersion = z.union([
  id("dsv"),
  z.strictObject({ dataset: DatasetRef, version: VersionRef.default("head") }),
]);
const Output = z.union([DatasetVersion, z.strictObject({ model: Name, version: VersionNumber })]);
const Parameters = z
  .record(z.string().min(1).max(250), AnyJson.pipe(z.json()))
  .refine((parameters) => !excessOf({ parameters }), {
    error: `expected at most ${LONGEST_PARAMETERS} characters of parameters as JSON`,
  })
  .meta({ type: "object", example: { learning_rate: 0.01 } });
const Metrics = z
  .record(z.string().min(1).max(250), z.number())
  .refine((metrics) => !excessOf({ metrics }), {
    error: `expected at most ${MOST_METRICS} metrics, of ${LONGEST_METRICS} characters as JSON`,
  })
  .meta({ example: { accuracy: 0.97 } });
const CodeHash = z.string().min(1).max(200).nullable().meta({
  description: "Of the code that ran, such as a commit of git or a SHA-256",
});
const Outputs = z.array(Output).max(100).meta({ description: "What it made" });

export const CreateRun = z
  .strictObject({
    run_id: id("run").optional().meta({
      description: "Of your own choosing, so that the request may be repeated",
    }),
    name: line(200, "bearings, third try"),
    inputs: z
      .array(DatasetVersion)
      .max(100)
      .default([])
      .meta({ description: "Versions that it uses, which cannot be deleted while it is there" }),
    outputs: Outputs.default([]),
    parameters: Parameters.default({}),
    metrics: Metrics.default({}),
    code_hash: CodeHash.default(null),
    status: RunStatus.default("running"),
    started_at: Instant.optional().meta({ description: "Left out: now, unless it is `created`" }),
    ended_at: Instant.optional().meta({ description: "Left out: now, if it has ended" }),
  })
  .meta({ id: "CreateRun" });

export const ChangeRun = z
  .strictObject({
    status: RunStatus.optional(),
    ended_at: Instant.optional(),
    parameters: Parameters.optional().meta({
      description: "Added to what is there, by name; together no more than a new run may have",
    }),
    metrics: Metrics.optional().meta({
      description: "Added to what is there, by name; together no more than a new run may have",
    }),
    outputs: Outputs.default([]),
  })
  .meta({ id: "ChangeRun" });

const shared = {
  run_id: id("run"),
  name: z.string(),
  status: RunStatus,
  parameters: z.record(z.string(), z.unknown()),
  metrics: z.record(z.string(), z.number()),
  code_hash: z.string().nullable(),
  started_at: Instant.nullable(),
  ended_at: Instant.nullable(),
  created_at: Instant,
  created_by: z.string().meta({ description: "The key, or the producer of its first event" }),
  updated_at: Instant,
  job: z
    .object({ namespace: z.string(), name: z.string() })
    .nullable()
    .meta({ description: "The job that OpenLineage says it is of" }),
};
export const RunSummary = z.object(shared).meta({ id: "RunSummary" });
export const RunView = z
  .object({
    ...shared,
    openlineage_run_id: z.string().meta({
      description: "The UUID of the same 128 bits, which clients of OpenLineage call it by",
    }),
    inputs: z.array(LineageNodeSummary),
    outputs: z.array(LineageNodeSummary),
  })
  .meta({ id: "Run" });
export const RunPage = pageOf(RunSummary, "Run");

export const RunQuery = PageQuery.extend({
  search: z.string().min(1).max(200).optional().meta({ description: "Part of the name" }),
  status: RunStatus.optional(),
  node: z
    .string()
    .min(1)
    .max(8_000)
    .optional()
    .meta({ description: "Runs that used or made this: a version's id, or `mdl_…@3`" }),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, "expected the `next_cursor` of the page before")
    .optional(),
});

export type CreateRun = z.input<typeof CreateRun>;
export type ChangeRun = z.input<typeof ChangeRun>;
export type RunQuery = z.input<typeof RunQuery>;
export type RunView = z.infer<typeof RunView>;
export type RunSummary = z.infer<typeof RunSummary>;
