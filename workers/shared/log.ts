import type { Trace } from "../../contract/inference.ts";

export type LogEvent =
  | { event: "model_loaded"; sha256: string; size_bytes: number; load_ms: number }
  | {
      event: "model_load_failed";
      sha256: string;
      size_bytes: number;
      code: string;
      details: object;
    }
  | { event: "model_evicted"; sha256: string; cost_bytes: number }
  | { event: "runtime_lost"; sha256: string; reason: string }
  | { event: "model_computed"; operation: string; sha256: string; size_bytes: number; ms: number }
  | { event: "model_explained"; method: string; sha256: string; rows: number; ms: number }
  | { event: "model_explain_failed"; method: string; sha256: string; code: string; details: object }
  | {
      event: "model_compute_failed";
      operation: string;
      sha256: string;
      size_bytes: number;
      code: string;
      details: object;
    };

/** One JSON line, as every log line of Linnet; `trace` is the request that caused the event. */
export function log(event: LogEvent, trace: Trace): void {
  console.log(JSON.stringify({ ...event, ...trace }));
}
