import type { InferenceRule } from "./inference-call.ts";

export const INDEXING: Record<string, InferenceRule> = {};
