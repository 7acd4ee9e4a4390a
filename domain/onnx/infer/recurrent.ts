import type { InferenceRule } from "./inference-call.ts";

export const RECURRENT: Record<string, InferenceRule> = {};
