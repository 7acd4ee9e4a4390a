import type { Result } from "../result.ts";
import { collectFeeds, type Feeds } from "./collect-feeds.ts";
import { tensorFromNested } from "./from-nested.ts";
import type { InputProblem } from "./input-problem.ts";
import type { Signature } from "./tensor.ts";

/** A request's `inputs` (nested JSON arrays by input name) as what the model is fed. */
export const feedsFromJson = (
  signature: Signature,
  inputs: Readonly<Record<string, unknown>>,
): Result<Feeds, InputProblem> => collectFeeds(signature, inputs, tensorFromNested);
