import type { InferenceRule } from "./inference-call.ts";

export const ML: Record<string, InferenceRule> = {};
