import type { InferenceRule } from "./inference-call.ts";

export const REDUCTION: Record<string, InferenceRule> = {};
