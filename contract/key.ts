import * as z from "zod";
import { KEY_ENVIRONMENTS } from "../domain/keys/api-key.ts";
import { SCOPE_NAMES } from "../domain/keys/scopes.ts";
import { id, Instant, line, PageQuery, pageOf } from "./common.ts";

export const KeyPath = z.object({ id: id("key") });
export const Scope = z.enum(SCOPE_NAMES).meta({ id: "Scope" });

export const CreateKey = z
  .strictObject({
    name: line(100, "the nightly job"),
    environment: z.enum(KEY_ENVIRONMENTS).default("live"),
    scopes: z.array(Scope).min(1).max(SCOPE_NAMES.length),
    rate_limit: z
      .int()
      .min(1)
      .max(100_000_000)
      .default(1_000)
      .meta({ description: "Requests an hour" }),
    expires_in_days: z.int().min(1).max(3_650).optional(),
    owner_id: id("usr")
      .optional()
      .meta({ description: "Another user's key; needs the scope `admin`" }),
  })
  .meta({ id: "CreateKey" });

export const KeyView = z
  .object({
    id: id("key"),
    name: z.string(),
    owner_id: id("usr"),
    environment: z.enum(KEY_ENVIRONMENTS),
    scopes: z.array(Scope),
    rate_limit: z.int(),
    prefix: z.string().meta({ description: "How the key begins; the rest is not stored" }),
    created_at: Instant,
    expires_at: Instant.nullable(),
    revoked_at: Instant.nullable(),
  })
  .meta({ id: "Key" });

export const NewKey = KeyView.extend({
  key: z.string().meta({ description: "The whole key. It is shown now and never again" }),
}).meta({ id: "NewKey" });

export const KeyQuery = PageQuery.extend({
  include_revoked: z.stringbool().default(false),
  owner_id: id("usr")
    .optional()
    .meta({ description: "Another user's keys; needs the scope `admin`" }),
});
export const KeyPage = pageOf(KeyView, "Key");

export const UsageQuery = z.object({ hours: z.coerce.number().int().min(1).max(720).default(24) });
export const KeyUsage = z
  .object({
    key_id: id("key"),
    hours: z.int(),
    total_requests: z.int(),
    error_rate: z.number().nullable(),
    avg_response_time_ms: z.number().nullable(),
    by_hour: z.array(
      z.object({
        hour: Instant,
        requests: z.int(),
        errors: z.int(),
        avg_response_time_ms: z.number().nullable(),
      }),
    ),
  })
  .meta({ id: "KeyUsage" });

export const CreateUser = z.strictObject({ name: line(100, "Ada") }).meta({ id: "CreateUser" });
export const UserView = z
  .object({ id: id("usr"), name: z.string(), created_at: Instant })
  .meta({ id: "User" });
export const UserPage = pageOf(UserView, "User");

export const SetUp = z
  .strictObject({ name: line(100, "administrator").default("administrator") })
  .meta({ id: "SetUp" });
export const SetUpResult = z.object({ user: UserView, key: NewKey }).meta({ id: "SetUpResult" });

export type CreateKey = z.input<typeof CreateKey>;
export type KeyView = z.infer<typeof KeyView>;
export type NewKey = z.infer<typeof NewKey>;
export type KeyUsage = z.infer<typeof KeyUsage>;
export type UserView = z.infer<typeof UserView>;
export type SetUpResult = z.infer<typeof SetUpResult>;
