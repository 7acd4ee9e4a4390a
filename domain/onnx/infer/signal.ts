import type { InferenceRule } from "./inference-call.ts";

export const SIGNAL: Record<string, InferenceRule> = {};
