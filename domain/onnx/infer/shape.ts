import type { InferenceRule } from "./inference-call.ts";

export const SHAPE: Record<string, InferenceRule> = {};
