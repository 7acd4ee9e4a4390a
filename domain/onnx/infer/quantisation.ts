import type { InferenceRule } from "./inference-call.ts";

export const QUANTISATION: Record<string, InferenceRule> = {};
