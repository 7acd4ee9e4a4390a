import { failureOf, LinnetError } from "./linnet-error.ts";
import { isPassing, pause, retryWait } from "./retry.ts";

const DEFAULT_TIMEOUT_MS = 30_000;
/** Of work on a model: the platform computes for five minutes at most. */
export const COMPUTE_TIMEOUT_MS = 360_000;
const DEFAULT_RETRIES = 2;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export type OpenSocket = (url: string, protocols: string[]) => WebSocket;

export type ClientOptions = {
  /** Where the platform is; a path in it comes before `/v1`. */
  baseUrl: string | URL;
  /** Only `platform.setUp` and the health calls do without. */
  apiKey?: string | undefined;
  /** Another `fetch`, such as that of a service binding. */
  fetch?: Fetch | undefined;
  /** Another way to open a WebSocket than the global one. */
  openSocket?: OpenSocket | undefined;
  /** Bounds a whole call, with its retries; 30 s by default. */
  timeoutMs?: number | undefined;
  /** Further attempts at a call that may be repeated; 2 by default. */
  retries?: number | undefined;
};

export type CallOptions = {
  /** An aborted call rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
  retries?: number | undefined;
  /** Sent as `x-request-id`: the request's name in the platform's log. */
  requestId?: string | undefined;
  /** A W3C trace context, so that the call becomes part of your trace. */
  traceparent?: string | undefined;
};

export type Call = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Begins with `/`; its values are encoded. */
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  headers?: Record<string, string>;
  json?: unknown;
  /** Makes the body anew for each attempt. */
  body?: () => Pick<RequestInit, "body">;
  /** Whether sending it twice does no more than sending it once. */
  repeatable: boolean;
  /** A status that is an answer and not a failure, besides those from 200 to 299. */
  alsoFine?: number;
  /** Whether a 404 to a repeated attempt means that an earlier one did it and was not heard. */
  absentIsDone?: boolean;
};

/** A platform and a key to it. The operations are functions that take it first. */
export type Linnet = {
  readonly baseUrl: string;
  /** Sends the call, again where that helps and does no harm, and reads its answer as JSON. */
  call<T>(call: Call, options?: CallOptions): Promise<T>;
  /** The same, with something else made of the answer; its time counts too. */
  read<T>(
    call: Call,
    options: CallOptions | undefined,
    reader: (response: Response) => T | Promise<T>,
  ): Promise<T>;
  /** A WebSocket to `path`. The key is a subprotocol, as browsers and Node can set no header. */
  openSocket(path: string, protocol: string): WebSocket;
};

export function createClient({ baseUrl, apiKey, ...defaults }: ClientOptions): Linnet {
  const base = checkBaseUrl(baseUrl);
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey))
    throw new TypeError("apiKey has characters that a header cannot carry");
  const openSocket: OpenSocket =
    defaults.openSocket ?? ((url, protocols) => new WebSocket(url, protocols));
  const fetch: Fetch = defaults.fetch ?? ((url, init) => globalThis.fetch(url, init));

  const read: Linnet["read"] = async (call, options = {}, reader) => {
    const requestId = options.requestId ?? null;
    const timer = startTimer(options.timeoutMs ?? defaults.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const signal = options.signal ? AbortSignal.any([options.signal, timer.signal]) : timer.signal;
    const attempts = call.repeatable ? (options.retries ?? defaults.retries ?? DEFAULT_RETRIES) : 0;
    const url = urlOf(base, call);
    const { method } = call;
    const headers = headersOf(call, options, apiKey);
    const send = async (attempt: number) => {
      const response = await fetch(url, {
        method,
        headers,
        ...(call.json === undefined ? call.body?.() : { body: JSON.stringify(call.json) }),
        signal,
      });
      if (response.ok || response.status === call.alsoFine) return reader(response);
      if (response.status === 404 && attempt > 0 && call.absentIsDone === true)
        return reader(new Response(null, { status: 204 }));
      throw await failureOf(response);
    };

    try {
      for (let attempt = 0; ; attempt++) {
        try {
          return await send(attempt);
        } catch (cause) {
          const error = explain(cause, { signal, requestId, baseUrl: base.origin });
          if (!(error instanceof LinnetError) || !isPassing(error) || attempt >= attempts)
            throw error;
          const wait = retryWait(error, attempt);
          if (wait === null || wait >= timer.left()) throw error;
          await pause(wait, signal);
        }
      }
    } catch (cause) {
      if (options.signal?.aborted === true) throw options.signal.reason;
      if (cause instanceof LinnetError || !timer.signal.aborted) throw cause;
      const detail = `no answer within ${timer.ms} ms`;
      throw new LinnetError({ code: "timeout", detail, requestId, cause });
    } finally {
      timer.clear();
    }
  };

  return {
    baseUrl: base.href.replace(/\/$/, ""),
    read,
    call: <T>(call: Call, options?: CallOptions) => read(call, options, readJson<T>),
    openSocket(path, protocol) {
      const key = apiKey === undefined ? [] : [`linnet.key.${apiKey}`];
      const url = urlOf(base, { path }).replace(/^http/, "ws");
      return openSocket(url, [protocol, ...key]);
    },
  };
}

/** A 204 has nothing to read. */
export async function readJson<T>(response: Response): Promise<T> {
  const text = await response.text();
  try {
    const answer: T = response.status === 204 ? undefined : JSON.parse(text);
    return answer;
  } catch (cause) {
    throw new LinnetError({
      code: "unexpected_answer",
      detail: `the answer with status ${response.status} is not JSON`,
      status: response.status,
      requestId: response.headers.get("x-request-id"),
      cause,
    });
  }
}

function explain(
  cause: unknown,
  { signal, ...at }: { signal: AbortSignal; requestId: string | null; baseUrl: string },
): unknown {
  if (cause instanceof LinnetError || signal.aborted) return cause;
  const { requestId, baseUrl } = at;
  const detail = `cannot reach ${baseUrl}: ${reasonOf(cause)}`;
  return new LinnetError({ code: "network", detail, requestId, cause });
}

/** The innermost message: `fetch` says only that it failed, and why is in the cause. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.cause instanceof Error) return reasonOf(cause.cause);
  const { code } = cause as Error & { code?: unknown };
  return cause.message || (typeof code === "string" ? code : cause.name);
}

function startTimer(ms: number) {
  const ends = Date.now() + ms;
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  const { signal } = controller;
  return { ms, signal, left: () => ends - Date.now(), clear: () => clearTimeout(timer) };
}

function checkBaseUrl(given: string | URL): URL {
  const url = new URL(given);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw new TypeError(`baseUrl must begin with https:// or http://, not ${url.protocol}`);
  if (url.username !== "" || url.password !== "")
    throw new TypeError("baseUrl must not hold credentials; give the key as apiKey");
  url.search = "";
  url.hash = "";
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/`;
  return url;
}

function urlOf(base: URL, { path, query = {} }: Pick<Call, "path" | "query">): string {
  const url = new URL(base);
  url.pathname += path.slice(1);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, String(value));
  return url.href;
}

function headersOf(call: Call, options: CallOptions, apiKey: string | undefined): Headers {
  const headers = new Headers({ accept: "application/json, application/problem+json" });
  if (apiKey !== undefined) headers.set("authorization", `Bearer ${apiKey}`);
  if (call.json !== undefined) headers.set("content-type", "application/json");
  if (options.requestId !== undefined) headers.set("x-request-id", options.requestId);
  if (options.traceparent !== undefined) headers.set("traceparent", options.traceparent);
  for (const [name, value] of Object.entries(call.headers ?? {})) headers.set(name, value);
  return headers;
}
