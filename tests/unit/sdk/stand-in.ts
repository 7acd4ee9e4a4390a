import { createServer, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { createClient, type ClientOptions } from "../../../clients/sdk/index.ts";

export type Received = {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingHttpHeaders;
  body: string;
};

export type Answer =
  | { status?: number; headers?: Record<string, string>; json?: unknown; text?: string }
  /** Closes the connection without an answer. */
  | "hang up"
  /** Never answers. */
  | "silence";

/** A real HTTP server in the place of the API, with all that it received. */
export async function standIn(answer: (request: Received, index: number) => Answer) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const url = new URL(request.url ?? "/", "http://stand-in");
      const { method = "", headers } = request;
      const query = Object.fromEntries(url.searchParams);
      const one = { method, path: url.pathname, query, headers, body };
      const given = answer(one, received.push(one) - 1);
      if (given === "silence") return;
      if (given === "hang up") {
        request.socket.destroy();
        return;
      }
      const { status = 200, json } = given;
      const type = status >= 400 ? "application/problem+json" : "application/json";
      response.writeHead(status, { "content-type": type, ...given.headers });
      response.end(given.text ?? (json === undefined ? undefined : JSON.stringify(json)));
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = `http://127.0.0.1:${address.port}`;
  const client = (options: Partial<ClientOptions> = {}) =>
    createClient({ baseUrl: url, apiKey: "sk_test_key", ...options });
  return { url, received, client };
}

/** A refusal as the API words it. */
export const problem = (
  status: number,
  code: string,
  more: { headers?: Record<string, string>; members?: Record<string, unknown> } = {},
): Answer => ({
  status,
  headers: { "x-request-id": "req_1", ...more.headers },
  json: {
    type: `/problems/${code}`,
    code,
    title: code,
    status,
    detail: `because of ${code}`,
    instance: "req_1",
    ...more.members,
  },
});
