import type { CallOptions, ExperimentChange, Linnet } from "@linnet/sdk";
import type { Context } from "./command.ts";
import { renderExperiment } from "./experiment-view.ts";
import { formatTime } from "./format.ts";

/** Sends a change of an experiment and shows what it is now. */
export async function showChange(
  context: Context,
  send: (client: Linnet, options: CallOptions) => Promise<ExperimentChange>,
): Promise<void> {
  const { signal } = context.world;
  const changed = await send(await context.client(), { signal });
  context.show(changed, () => renderExperiment(changed, context));
  context.note(`\nIn force everywhere at ${formatTime(changed.effective_at)} UTC`);
  const { undo_token } = changed;
  if (undo_token !== undefined)
    context.note(`Take it back with: linnet experiments undo ${changed.id} ${undo_token}`);
}
