import { exports } from "cloudflare:workers";
import { ORIGIN } from "./platform.ts";

export type Schema = {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  pattern?: string;
  enum?: unknown[];
  default?: unknown;
  example?: unknown;
};
export type Parameter = { name: string; in: string; required?: boolean; schema: Schema };
export type Media = { schema: Schema };
export type Operation = {
  operationId: string;
  tags?: string[];
  summary?: string;
  security?: Record<string, string[]>[];
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Record<string, Media> };
  responses: Record<string, { description: string; content?: Record<string, Media> }>;
};
export type OpenApi = {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, unknown>>;
};
export type Listed = Operation & { method: string; path: string };

/** The document as clients get it. */
export async function openApi(): Promise<OpenApi> {
  const response = await exports.default.fetch(`${ORIGIN}/openapi.json`);
  return response.json<OpenApi>();
}

export const operationsOf = (document: OpenApi): Listed[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
  );

/** The scope that a key needs for the operation; undefined when it is not secured by a key. */
export const scopeOf = ({ security = [] }: Operation): string | undefined =>
  security.find((way) => "apiKey" in way)?.["apiKey"]?.[0];

/** The operation's path with these values, and `1` or `champion` for what they do not name. */
export const pathOf = ({ path }: Listed, values: Record<string, string> = {}): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? STAND_INS[name] ?? "none");

/** The parameters that the operation's query must have, from their examples. */
export function queryOf(document: OpenApi, { parameters = [] }: Listed): string {
  const needed = parameters.filter((parameter) => parameter.in === "query" && parameter.required);
  const given = needed.map(({ name, schema }) => `${name}=${String(example(document, schema))}`);
  return given.length === 0 ? "" : `?${given.join("&")}`;
}

const STAND_INS: Record<string, string> = {
  version: "1",
  alias: "champion",
  name: "none",
  prediction_id: "prd_00000000000000000000000000",
  dataset: "none",
  run_id: "run_00000000000000000000000000",
  upload: "upl_00000000000000000000000000",
  tag: "gold",
  user_id: "usr_00000000000000000000000000",
};

/** A body that the operation's schema takes, from the schema alone; undefined when it needs none. */
export function bodyOf(document: OpenApi, operation: Operation) {
  const { requestBody } = operation;
  if (!requestBody) return undefined;
  const json = requestBody.content["application/json"];
  if (json)
    return { type: "application/json", body: JSON.stringify(example(document, json.schema)) };
  const [type = ""] = Object.keys(requestBody.content);
  return { type, body: "some bytes" };
}

function example(document: OpenApi, schema: Schema): unknown {
  const { $ref, type, properties = {}, required = [], items } = schema;
  if (schema.example !== undefined) return schema.example;
  if (schema.default !== undefined) return schema.default;
  if ($ref) return example(document, referenced(document, $ref));
  if (schema.enum) return schema.enum[0];
  if (type === "object")
    return Object.fromEntries(
      required.map((name) => [name, example(document, properties[name] ?? {})]),
    );
  if (type === "array")
    return Array.from({ length: schema.minItems ?? 0 }, () => example(document, items ?? {}));
  if (type === "integer" || type === "number") return schema.minimum ?? 0;
  if (type === "boolean") return true;
  if (type === "string" && !schema.pattern) return "x".repeat(schema.minLength ?? 0);
  throw new Error(`give this schema an example in the contract: ${JSON.stringify(schema)}`);
}

/** What a `$ref` such as `#/components/schemas/Model` stands for. */
export function referenced(document: OpenApi, ref: string): Schema {
  const [, , kind = "", name = ""] = ref.split("/");
  const found = document.components[kind]?.[name];
  if (!found) throw new Error(`${ref} does not resolve`);
  return found;
}
