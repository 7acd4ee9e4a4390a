import { EFFECTS_STEP } from "../shared/effects.ts";
import type { SchemaStep } from "../shared/upgrade-schema.ts";

/** Definition and standing lie in the key-value storage; a transformation makes its tables as it works. */
export const SCHEMA: readonly SchemaStep[] = [EFFECTS_STEP];
