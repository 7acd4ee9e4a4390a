import type { InferenceRule } from "./inference-call.ts";

export const SEQUENCE: Record<string, InferenceRule> = {};
