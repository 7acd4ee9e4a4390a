import { createHash } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { createClient, type ClientOptions } from "../../../clients/sdk/index.ts";

export type Received = {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingHttpHeaders;
  body: string;
  bytes: Uint8Array;
};

export type Answer =
  | {
      status?: number;
      headers?: Record<string, string>;
      json?: unknown;
      text?: string;
      bytes?: Uint8Array;
      /** Of `bytes`: closes the connection after so many. */
      cutAfter?: number;
    }
  /** Closes the connection without an answer. */
  | "hang up"
  /** Never answers. */
  | "silence";

/** The platform's end of a WebSocket. */
export type Watcher = {
  index: number;
  protocols: string[];
  path: string;
  send: (text: string) => void;
  /** Ends it without a word, as a platform that is restarted does. */
  drop: () => void;
  /** Resolves when the other side is gone. */
  gone: Promise<void>;
};

/** A real HTTP server in the place of the API, with all that it received. */
export async function standIn(
  answer: (request: Received, index: number) => Answer,
  onWatcher?: (watcher: Watcher) => void,
) {
  const received: Received[] = [];
  const watchers: Watcher[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const bytes = await buffer(request);
      const url = new URL(request.url ?? "/", "http://stand-in");
      const { method = "", headers } = request;
      const query = Object.fromEntries(url.searchParams);
      const one = { method, path: url.pathname, query, headers, body: bytes.toString(), bytes };
      const given = answer(one, received.push(one) - 1);
      if (given === "silence") return;
      if (given === "hang up") {
        request.socket.destroy();
        return;
      }
      const { status = 200, json } = given;
      const type = status >= 400 ? "application/problem+json" : "application/json";
      response.writeHead(status, { "content-type": type, ...given.headers });
      if (given.cutAfter === undefined)
        response.end(
          given.text ?? given.bytes ?? (json === undefined ? undefined : JSON.stringify(json)),
        );
      else
        response.write(given.bytes?.subarray(0, given.cutAfter) ?? "", () =>
          setTimeout(() => request.socket.destroy(), 5),
        );
    })();
  });
  if (onWatcher)
    server.on("upgrade", (request, socket: Duplex) => {
      const { url: path = "", headers } = request;
      const index = watchers.length;
      const watcher = { index, path, ...acceptSocket(socket, headers) };
      watchers.push(watcher);
      onWatcher(watcher);
    });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    for (const { drop } of watchers) drop();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = `http://127.0.0.1:${address.port}`;
  const client = (options: Partial<ClientOptions> = {}) =>
    createClient({ baseUrl: url, apiKey: "sk_test_key", ...options });
  return { url, received, watchers, client };
}

/** The handshake and the frames of text that RFC 6455 asks of a server. */
function acceptSocket(socket: Duplex, headers: IncomingHttpHeaders) {
  const protocols = (headers["sec-websocket-protocol"] ?? "").split(", ");
  const accept = createHash("sha1")
    .update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  const head = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
    `Sec-WebSocket-Protocol: ${protocols[0]}`,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  const gone = new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
    // Whatever a client sends after its frames of text is its goodbye.
    socket.on("data", (chunk: Buffer) => {
      if (chunk[0] === 0x88) socket.end(Buffer.from([0x88, 0]));
    });
    socket.on("error", () => socket.destroy());
  });
  const send = (text: string) => {
    const payload = Buffer.from(text);
    const length = Buffer.alloc(4);
    length[0] = 0x81;
    length[1] = 126;
    length.writeUInt16BE(payload.length, 2);
    if (!socket.destroyed) socket.write(Buffer.concat([length, payload]));
  };
  return { protocols, send, drop: () => void socket.destroy(), gone };
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
