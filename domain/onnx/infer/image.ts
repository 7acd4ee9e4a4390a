import type { InferenceRule } from "./inference-call.ts";

export const IMAGE: Record<string, InferenceRule> = {};
