import { sql } from "drizzle-orm";
import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import type { ExperimentStatus } from "../domain/experiments/experiment.ts";
import type { Method } from "../domain/explain/explanation.ts";
import type { KeyEnvironment } from "../domain/keys/api-key.ts";
import type { RetentionRule } from "../domain/datasets/retention.ts";
import type { EvolutionMode } from "../domain/datasets/schema-rules/evolution.ts";
import type { Format } from "../domain/datasets/table.ts";
import type { TransformationType } from "../domain/datasets/transformations/transformation.ts";
import type { Scope } from "../domain/keys/scopes.ts";
import type { Derivation } from "../domain/models/derivation.ts";
import type { ModelDetails } from "../domain/models/details.ts";
import type { Signature } from "../domain/tensors/tensor.ts";

/**
 * The directory: who exists, who owns it and what people list. Times are milliseconds since 1970.
 * The truth of anything that changes is its actor's; these rows follow it.
 */
export const user = sqliteTable("user", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  created_at: integer("created_at").notNull(),
});

export const apiKey = sqliteTable(
  "api_key",
  {
    id: text("id").primaryKey(),
    owner_id: text("owner_id")
      .notNull()
      .references(() => user.id),
    name: text("name").notNull(),
    environment: text("environment").$type<KeyEnvironment>().notNull(),
    scopes: text("scopes", { mode: "json" }).$type<Scope[]>().notNull(),
    rate_limit: integer("rate_limit").notNull(),
    created_at: integer("created_at").notNull(),
    expires_at: integer("expires_at"),
    revoked_at: integer("revoked_at"),
  },
  (table) => [index("api_key_owner").on(table.owner_id, table.id)],
);

/** Users to whom something may be shared at once. Its id is never given to another group. */
export const userGroup = sqliteTable(
  "user_group",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    owner_id: text("owner_id")
      .notNull()
      .references(() => user.id),
    created_at: integer("created_at").notNull(),
  },
  (table) => [
    uniqueIndex("user_group_name").on(table.name),
    index("user_group_owner").on(table.owner_id, table.id),
  ],
);

export const groupMember = sqliteTable(
  "group_member",
  {
    group_id: text("group_id")
      .notNull()
      .references(() => userGroup.id),
    user_id: text("user_id")
      .notNull()
      .references(() => user.id),
    added_at: integer("added_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.group_id, table.user_id] }),
    index("group_member_user").on(table.user_id, table.group_id),
  ],
);

export const model = sqliteTable(
  "model",
  {
    id: text("id").primaryKey(),
    owner_id: text("owner_id")
      .notNull()
      .references(() => user.id),
    name: text("name").notNull(),
    description: text("description").notNull(),
    latest_version: integer("latest_version"),
    created_at: integer("created_at").notNull(),
    updated_at: integer("updated_at").notNull(),
  },
  (table) => [uniqueIndex("model_owner_name").on(table.owner_id, table.name)],
);

export const modelVersion = sqliteTable(
  "model_version",
  {
    model_id: text("model_id").notNull(),
    version: integer("version").notNull(),
    sha256: text("sha256").notNull(),
    size_bytes: integer("size_bytes").notNull(),
    description: text("description").notNull(),
    signature: text("signature", { mode: "json" }).$type<Signature>().notNull(),
    created_at: integer("created_at").notNull(),
    created_by: text("created_by").notNull(),
    derived_from: text("derived_from", { mode: "json" }).$type<Derivation>(),
    details: text("details", { mode: "json" }).$type<ModelDetails>(),
  },
  (table) => [primaryKey({ columns: [table.model_id, table.version] })],
);

export const modelAlias = sqliteTable(
  "model_alias",
  {
    model_id: text("model_id").notNull(),
    alias: text("alias").notNull(),
    version: integer("version").notNull(),
    updated_at: integer("updated_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.model_id, table.alias] })],
);

export const experiment = sqliteTable(
  "experiment",
  {
    id: text("id").primaryKey(),
    owner_id: text("owner_id")
      .notNull()
      .references(() => user.id),
    name: text("name").notNull(),
    description: text("description").notNull(),
    /** `creating` until its actor has confirmed it; such rows are listed nowhere. */
    status: text("status").$type<ExperimentStatus | "creating">().notNull(),
    consistency: text("consistency").$type<"strict" | "leased">().notNull(),
    /** The key of its flag; one experiment that has not ended may hold it. */
    flag_key: text("flag_key"),
    idempotency_key: text("idempotency_key"),
    /** SHA-256 of the request that made it, to tell a repeat from another use of its key. */
    request_hash: text("request_hash").notNull(),
    created_at: integer("created_at").notNull(),
    updated_at: integer("updated_at").notNull(),
    started_at: integer("started_at"),
    ended_at: integer("ended_at"),
  },
  (table) => [
    index("experiment_owner").on(table.owner_id, table.id),
    uniqueIndex("experiment_idempotency").on(table.owner_id, table.idempotency_key),
    uniqueIndex("experiment_flag")
      .on(table.owner_id, table.flag_key)
      .where(sql`${table.status} IN ('creating', 'draft', 'running', 'paused')`),
    index("experiment_flags").on(table.owner_id, table.flag_key, table.id),
  ],
);

export const layer = sqliteTable(
  "layer",
  {
    id: text("id").primaryKey(),
    owner_id: text("owner_id")
      .notNull()
      .references(() => user.id),
    name: text("name").notNull(),
    description: text("description").notNull(),
    /** The share of its units that no experiment gets, as a decimal string. */
    holdout: text("holdout").notNull(),
    created_at: integer("created_at").notNull(),
    updated_at: integer("updated_at").notNull(),
  },
  (table) => [uniqueIndex("layer_name").on(table.owner_id, table.name)],
);

/**
 * What explanations have found: they are computed from immutable things, so that a row is the
 * whole truth of itself and no actor owns it.
 */
export const explanation = sqliteTable(
  "explanation",
  {
    id: text("id").primaryKey(),
    owner_id: text("owner_id")
      .notNull()
      .references(() => user.id),
    model_id: text("model_id").notNull(),
    version: integer("version").notNull(),
    kind: text("kind").$type<ExplanationKind>().notNull(),
    method: text("method").$type<Method>().notNull(),
    prediction_id: text("prediction_id"),
    /** SHA-256 of all that the answer depends on; null where it is not to be found by that. */
    cache_key: text("cache_key"),
    /** As it is sent, without what is told by the other columns. */
    body: text("body").notNull(),
    computation_ms: integer("computation_ms").notNull(),
    created_at: integer("created_at").notNull(),
    expires_at: integer("expires_at").notNull(),
  },
  (table) => [
    index("explanation_owner").on(table.owner_id, table.id),
    index("explanation_cache").on(table.owner_id, table.cache_key),
    index("explanation_model").on(table.model_id, table.version, table.id),
    index("explanation_expiry").on(table.expires_at),
  ],
);
export type ExplanationKind = "local" | "global" | "drift";

/** Who owns a job, and how it stands; its truth is its actor's. */
export const job = sqliteTable(
  "job",
  {
    id: text("id").primaryKey(),
    owner_id: text("owner_id")
      .notNull()
      .references(() => user.id),
    kind: text("kind").$type<JobKind>().notNull(),
    status: text("status").$type<JobStatus>().notNull(),
    model_id: text("model_id").notNull(),
    model: text("model").notNull(),
    version: integer("version").notNull(),
    rows: integer("rows").notNull(),
    /** SHA-256 of the request: asked for again while it is under way, it is the same job. */
    request_hash: text("request_hash").notNull(),
    created_at: integer("created_at").notNull(),
    ended_at: integer("ended_at"),
  },
  (table) => [
    index("job_owner").on(table.owner_id, table.id),
    uniqueIndex("job_request")
      .on(table.owner_id, table.request_hash)
      .where(sql`${table.status} IN ('queued', 'running')`),
  ],
);
export type JobKind = "explain_batch" | "explain_global";
export type JobStatus = "queued" | "running" | "succeeded" | "failed" | "cancelled";

/** How often an explanation was there already, by model and UTC day. */
export const explanationUsage = sqliteTable(
  "explanation_usage",
  {
    owner_id: text("owner_id").notNull(),
    model_id: text("model_id").notNull(),
    /** Days since 1970. */
    day: integer("day").notNull(),
    hits: integer("hits").notNull(),
    misses: integer("misses").notNull(),
    computation_ms: integer("computation_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.owner_id, table.model_id, table.day] })],
);

/** Rows that a version's predictions are compared with. What a row says never changes: a set that is put anew is a new row. */
export const background = sqliteTable(
  "background",
  {
    id: text("id").primaryKey(),
    model_id: text("model_id").notNull(),
    version: integer("version").notNull(),
    name: text("name").notNull(),
    method: text("method").$type<"all" | "k_means" | "stratified">().notNull(),
    rows: integer("rows").notNull(),
    source_rows: integer("source_rows").notNull(),
    seed: integer("seed").notNull(),
    /** The rows and their weights, as contract/background.ts writes them. */
    body: text("body").notNull(),
    created_at: integer("created_at").notNull(),
    created_by: text("created_by").notNull(),
  },
  (table) => [uniqueIndex("background_name").on(table.model_id, table.version, table.name)],
);

/** A dataset's name, description and groups are decided by its routes; the rest follows its actor. */
export const dataset = sqliteTable(
  "dataset",
  {
    id: text("id").primaryKey(),
    owner_id: text("owner_id")
      .notNull()
      .references(() => user.id),
    name: text("name").notNull(),
    description: text("description").notNull(),
    format: text("format").$type<Format>().notNull(),
    compatibility: text("compatibility").$type<EvolutionMode>().notNull(),
    retention: text("retention", { mode: "json" }).$type<RetentionRule>(),
    archived_at: integer("archived_at"),
    head_id: text("head_id"),
    head_number: integer("head_number"),
    row_count: integer("row_count"),
    size_bytes: integer("size_bytes"),
    versions: integer("versions").notNull(),
    stored_bytes: integer("stored_bytes").notNull(),
    created_at: integer("created_at").notNull(),
    updated_at: integer("updated_at").notNull(),
  },
  (table) => [uniqueIndex("dataset_owner_name").on(table.owner_id, table.name)],
);

/** Which dataset a version is of; everything else of it is with that dataset's actor. */
export const datasetVersion = sqliteTable(
  "dataset_version",
  {
    id: text("id").primaryKey(),
    dataset_id: text("dataset_id").notNull(),
    number: integer("number").notNull(),
  },
  (table) => [index("dataset_version_dataset").on(table.dataset_id, table.number)],
);

/** What the members of a group may do with a dataset of somebody else. */
export const datasetAccess = sqliteTable(
  "dataset_access",
  {
    dataset_id: text("dataset_id").notNull(),
    group_id: text("group_id").notNull(),
    role: text("role").$type<DatasetRole>().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.dataset_id, table.group_id] }),
    index("dataset_access_group").on(table.group_id),
  ],
);
export type DatasetRole = "read" | "write";

/** Who began a transformation, and how it stands; its truth is its actor's. */
export const transformation = sqliteTable(
  "transformation",
  {
    id: text("id").primaryKey(),
    owner_id: text("owner_id")
      .notNull()
      .references(() => user.id),
    /** Of the first version that it makes. */
    dataset_id: text("dataset_id").notNull(),
    type: text("type").$type<TransformationType>().notNull(),
    status: text("status").$type<JobStatus>().notNull(),
    created_at: integer("created_at").notNull(),
    ended_at: integer("ended_at"),
  },
  (table) => [
    index("transformation_owner").on(table.owner_id, table.id),
    index("transformation_dataset").on(table.dataset_id, table.id),
  ],
);
