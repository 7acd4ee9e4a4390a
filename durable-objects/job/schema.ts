import { EFFECTS_STEP } from "../shared/effects.ts";
import type { SchemaStep } from "../shared/upgrade-schema.ts";

/** What a job holds are tensors, which lie in the actor's key-value storage as they are. */
export const SCHEMA: readonly SchemaStep[] = [EFFECTS_STEP];
