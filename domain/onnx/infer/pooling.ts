import type { InferenceRule } from "./inference-call.ts";

export const POOLING: Record<string, InferenceRule> = {};
