import { type CallOptions, COMPUTE_TIMEOUT_MS, type Linnet } from "./client.ts";
import { LinnetError, refusalOf } from "./linnet-error.ts";
import { serverEvents } from "./server-events.ts";
import type { ExplainRequest, ExplanationView, Problem } from "./wire.ts";

/** An explanation as far as it has come; it has no id yet. */
export type ExplanationEstimate = Omit<
  ExplanationView,
  | "explanation_id"
  | "model_id"
  | "model"
  | "model_version"
  | "prediction_id"
  | "computation_time_ms"
  | "cached"
  | "created_at"
  | "expires_at"
>;

export type ExplainEvent =
  | { type: "estimate"; estimate: ExplanationEstimate }
  | { type: "explanation"; explanation: ExplanationView };

/**
 * Explains one row from coarse to fine: an `estimate` after each refinement, and the `explanation`
 * at the end; of a cached one only that. Leaving the loop ends the work. It rejects with what the
 * platform refuses, and with `network` where the stream breaks off; nothing is asked for again
 * once it has begun. `timeoutMs` bounds the time until it begins.
 */
export async function* explainStream(
  client: Linnet,
  json: ExplainRequest,
  options: CallOptions = {},
): AsyncGenerator<ExplainEvent, void, undefined> {
  const response = await client.read(
    {
      method: "POST",
      path: "/v1/explanations",
      headers: { accept: "text/event-stream, application/problem+json" },
      json,
      repeatable: true,
    },
    { timeoutMs: COMPUTE_TIMEOUT_MS, ...options },
    (answer) => answer,
  );
  const requestId = response.headers.get("x-request-id");
  try {
    for await (const { type, data } of serverEvents(response.body ?? new ReadableStream())) {
      const event = readEvent(type, data, requestId);
      if (event === null) continue;
      yield event;
      if (event.type === "explanation") return;
    }
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (cause instanceof LinnetError) throw cause;
    throw brokenOff(client, requestId, cause);
  }
  throw brokenOff(client, requestId);
}

/** Null for what a later version of the platform may send besides. */
function readEvent(type: string, data: string, requestId: string | null): ExplainEvent | null {
  if (type === "estimate") return { type, estimate: JSON.parse(data) };
  if (type === "explanation") return { type, explanation: JSON.parse(data) };
  if (type !== "problem") return null;
  const problem: Problem = JSON.parse(data);
  throw refusalOf(problem, requestId);
}

const brokenOff = ({ baseUrl }: Linnet, requestId: string | null, cause?: unknown): LinnetError =>
  new LinnetError({
    code: "network",
    detail: `the stream from ${baseUrl} broke off before the explanation`,
    requestId,
    cause,
  });
