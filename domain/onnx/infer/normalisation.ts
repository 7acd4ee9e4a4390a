import type { InferenceRule } from "./inference-call.ts";

export const NORMALISATION: Record<string, InferenceRule> = {};
