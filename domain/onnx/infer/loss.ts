import type { InferenceRule } from "./inference-call.ts";

export const LOSS: Record<string, InferenceRule> = {};
