import { env, exports } from "cloudflare:workers";
import { expect } from "vitest";
import type { Problem, ProblemCode } from "../../../contract/problem.ts";
import { openDirectory } from "../../../database/directory.ts";
import { insertApiKey } from "../../../database/api-keys.ts";
import { insertUser } from "../../../database/users.ts";
import { SCOPE_NAMES, type Scope } from "../../../domain/keys/scopes.ts";
import { newId } from "../../../workers/api/http/ids.ts";
import { type KeyOrder, prepareKey, viewKey } from "../../../workers/api/keys/new-key.ts";
import { checkReply } from "./contract-check.ts";

export const ORIGIN = "https://linnet.test";

/** Every scope but `admin`, which would open everybody's objects. */
export const ALL_SCOPES = SCOPE_NAMES.filter((scope) => scope !== "admin");

/** Two-argument signature of the routes' tests: `GET /v1/models` and what goes with it. */
export type Sent = {
  key?: string | undefined;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is, as JSON unless `headers` say otherwise; a stream is sent in chunks. */
  body?: BodyInit;
  headers?: Record<string, string>;
};
export type Reply<Body> = { status: number; headers: Headers; body: Body };

export async function newUser(name = "somebody"): Promise<string> {
  const row = { id: newId("usr"), name, created_at: Date.now() };
  await insertUser(openDirectory(env.DB), row);
  return row.id;
}

/** A key in force with every scope but `admin`, of a new user unless `owner_id` says whose. */
export async function newKey(order: Partial<KeyOrder> = {}) {
  const owner_id = order.owner_id ?? (await newUser());
  const { row, key } = await prepareKey(env, {
    name: "a key",
    environment: "live",
    scopes: ALL_SCOPES,
    rate_limit: 1_000_000,
    expires_at: null,
    ...order,
    owner_id,
  });
  await insertApiKey(openDirectory(env.DB), row);
  return { ...viewKey(row), key };
}

/** The text of a new key, for tests that need no more of it. */
export const keyOf = async (...scopes: Scope[]): Promise<string> =>
  (await newKey(scopes.length === 0 ? {} : { scopes })).key;

/** Sends a request to the platform and holds the answer to the contract. */
export async function call<Body = unknown>(
  operation: string,
  { key, json, body, headers = {} }: Sent = {},
): Promise<Reply<Body>> {
  const [method = "", path = ""] = operation.split(/ (.*)/s);
  const sent = json === undefined ? body : JSON.stringify(json);
  const response = await exports.default.fetch(`${ORIGIN}${path}`, {
    method,
    redirect: "manual",
    headers: {
      ...(sent === undefined ? {} : { "content-type": "application/json" }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const answer = await readBody(response);
  checkReply({ method, path, status: response.status, headers: response.headers, body: answer });
  return { status: response.status, headers: response.headers, body: answer as Body };
}

/** Sends a request that must be refused with this code, and answers with the problem. */
export async function refused(
  code: ProblemCode,
  operation: string,
  sent: Sent = {},
): Promise<Reply<Problem>> {
  const reply = await call<Problem>(operation, sent);
  expect(reply.body, operation).toMatchObject({ code, status: reply.status });
  return reply;
}

/** Sends a request that must succeed with this status, and answers with the body. */
export async function succeeds<Body>(
  status: number,
  operation: string,
  sent: Sent = {},
): Promise<Body> {
  const reply = await call<Body>(operation, sent);
  expect(reply, operation).toMatchObject({ status });
  return reply.body;
}

/** A body whose length is not known before it ends. */
export const inChunks = (bytes: Uint8Array): ReadableStream =>
  new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 1_000_000)
        controller.enqueue(bytes.slice(at, at + 1_000_000));
      controller.close();
    },
  });

async function readBody(response: Response): Promise<unknown> {
  const type = response.headers.get("content-type") ?? "";
  if (type.includes("json")) {
    const text = await response.text();
    return text === "" ? null : JSON.parse(text);
  }
  if (type.startsWith("image/svg")) return response.text();
  const bytes = new Uint8Array(await response.arrayBuffer());
  return bytes.length === 0 ? null : bytes;
}
