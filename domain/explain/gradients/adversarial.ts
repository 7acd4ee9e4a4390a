import type { Rows } from "../rows.ts";
import type { Classifier, Flip, FlipOptions } from "./flip-options.ts";
import { FlipSearch } from "./flip-search.ts";

/**
 * Ever smaller changes of an instance that flip the class that a model gives it, each checked by
 * running the model on the changed row. First along the gradient's signs (FGSM, Goodfellow et al.
 * 2015), then by projected gradient ascent on the margin of another class (PGD, Madry et al. 2018)
 * within changes of several sizes, between the greatest that fails and the smallest that succeeds;
 * at last features are put back as they were while the class stays flipped. Ends with
 * `found: false` where no change up to `max_epsilon` was found, which does not prove that there is
 * none. Throws `ExplainFault` for options that do not fit.
 */
export async function* shrinkingFlips(
  classifier: Classifier,
  instance: Rows,
  options: FlipOptions,
): AsyncGenerator<Flip, void, void> {
  const search = await FlipSearch.start(classifier, instance, options);
  for (const rival of search.rivals) yield* search.against(rival);
  await search.sparsify();
  yield search.result();
}

/** The smallest change that `shrinkingFlips` finds. */
export async function smallestFlip(
  classifier: Classifier,
  instance: Rows,
  options: FlipOptions & { progress?: (flip: Flip) => void },
): Promise<Flip> {
  let last: Flip | undefined;
  for await (const flip of shrinkingFlips(classifier, instance, options)) {
    options.progress?.(flip);
    last = flip;
  }
  if (last === undefined) throw new Error("a search ended without a result");
  return last;
}
