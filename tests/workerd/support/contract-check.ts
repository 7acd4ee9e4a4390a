import { expect } from "vitest";
import * as z from "zod";
import { PROBLEMS, type ProblemCode } from "../../../contract/problem.ts";
import { api } from "../../../workers/api/api.ts";

type Answered = {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  body: unknown;
};
type Documented = { description: string; content?: Record<string, { schema?: unknown }> };

/** Every operation of the app with the schemas it was declared with. */
const OPERATIONS = api.openAPIRegistry.definitions.flatMap((definition) => {
  if (definition.type !== "route") return [];
  const { method, path, operationId = "", responses } = definition.route;
  const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
  return [{ method, pattern, operationId, responses: responses as Record<number, Documented> }];
});

/**
 * Holds an answer to the contract: its status is documented, its body is exactly what the schema
 * describes, a problem is one that the operation lists, and every answer carries its trace.
 */
export function checkReply(answered: Answered): void {
  const { method, path, status, headers, body } = answered;
  const where = `${method} ${path} ${status}`;
  expect(headers.get("x-request-id"), where).toMatch(/^[\w.:-]{1,128}$/);
  expect(headers.get("traceparent"), where).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
  const problem = headers.get("content-type") === "application/problem+json";
  if (problem && body !== null) checkProblem(answered, where);

  const [pathname = ""] = path.split("?");
  const asked = method === "HEAD" ? "get" : method.toLowerCase();
  const operation = OPERATIONS.find(
    (known) => known.method === asked && known.pattern.test(pathname),
  );
  if (!operation) return;
  const documented = operation.responses[status];
  expect(documented, `${where} of ${operation.operationId} is documented`).toBeDefined();
  if (!documented || body === null) return;
  if (problem) {
    const { code } = z.object({ code: z.string() }).parse(body);
    expect(documented.description, `${where}: problems of ${operation.operationId}`).toContain(
      `\`${code}\``,
    );
  }
  const type = headers.get("content-type")?.split(";")[0] ?? "none";
  const schema = documented.content?.[type]?.schema;
  expect(schema, `${where}: a body of ${type} is documented`).toBeInstanceOf(z.ZodType);
  if (!(schema instanceof z.ZodType) || type === "application/octet-stream") return;
  const parsed = schema.safeParse(body);
  expect(parsed.error, where).toBeUndefined();
  // Unknown members are dropped by parsing, so a member that the contract does not know shows here.
  expect(parsed.data, where).toEqual(body);
}

function checkProblem({ status, headers, body }: Answered, where: string): void {
  expect(body, where).toMatchObject({ status, instance: headers.get("x-request-id") });
  const { code, title, type } = z
    .object({ code: z.string(), title: z.string(), type: z.string() })
    .parse(body);
  expect(Object.keys(PROBLEMS), where).toContain(code);
  expect(PROBLEMS[code as ProblemCode], where).toEqual({ status, title });
  expect(type, where).toBe(`/problems/${code}`);
  if (status === 401)
    expect(headers.get("www-authenticate"), `${where}: RFC 9110, 11.6.1`).toBe("Bearer");
}
