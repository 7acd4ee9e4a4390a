import type { Model, StoredTensor } from "../model.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { foldKnownSizes } from "../rewrite/fold-constants.ts";
import { inlineFunctions } from "../rewrite/inline-functions.ts";
import { removeDead } from "../rewrite/remove-dead.ts";
import { summarise } from "../summarise.ts";
import { channelsOf } from "./channels-of.ts";
import { channelGroups, type ChannelGroup } from "./channel-groups.ts";
import { chooseRemoved, type Choice } from "./choose-removed.ts";
import { amountOf, scorerOf, type ImportanceOptions } from "./importance.ts";
import { shrink } from "./shrink.ts";
import { weightsOf } from "./weights.ts";

export type StructuredOptions = ImportanceOptions &
  Omit<Choice, "amount"> & {
    /** The fraction of the channels that are removed; 0.3. */
    amount?: number;
    /** Weights that keep their channels, by name. */
    keep?: readonly string[];
  };

export type StructuredReport = {
  /** What was cut together: the weights that shrank, and how many channels are left of how many. */
  groups: {
    weights: string[];
    channels_before: number;
    channels_after: number;
    removed: number[];
  }[];
  /** The weights none of whose channels can go, with what holds them. */
  skipped: { weight: string; reason: string }[];
  parameters_before: number;
  parameters_after: number;
  /** Multiply-accumulates of one row. */
  macs_before: number;
  macs_after: number;
};

/**
 * Removes the least important channels and hidden units of a model, so that its tensors really
 * shrink. A channel goes with all that depends on it: its bias and statistics, the channels that it
 * is added to, the blocks of a flattened vector, the columns of the layers that read it. What the
 * model takes and gives stays as it is, and so do channels whose way through an operator is not
 * known. Throws `OnnxFault` (unsupported) where nothing can be removed.
 */
export function pruneStructured(
  model: Model,
  options: StructuredOptions = {},
): { model: Model; report: StructuredReport } {
  const amount = amountOf(options.amount);
  const started = removeDead(foldKnownSizes(inlineFunctions(model)));
  const weights = new Map(
    weightsOf(started)
      .filter(({ name = "" }) => started.graph.initializers.some((own) => own.name === name))
      .map((weight) => [weight.name ?? "", weight]),
  );
  const channels = channelsOf(started, new Set(options.keep));
  const groups = channelGroups(channels, weights, scorerOf(options));
  const skipped = skippedOf(weights, groups, (weight) => {
    const held = channels.axesOf(weight).flatMap(({ axis, size, first }) => {
      const reason = size > 1 ? channels.reasonOf(first) : undefined;
      return reason === undefined ? [] : [`axis ${axis} stays, since ${reason}`];
    });
    return held.join("; ") || "it has one channel only";
  });
  if (groups.length === 0) throw nothingToRemove(skipped);
  const removed = chooseRemoved(groups, { ...options, amount });
  const pruned = shrink(started, channels, new Set(removed.flat()));
  const [before, after] = [summarise(started), summarise(pruned)];
  return {
    model: pruned,
    report: {
      groups: groups.map((group, at) => ({
        weights: group.weights,
        channels_before: group.classes.length,
        channels_after: group.classes.length - (removed[at] ?? []).length,
        removed: (removed[at] ?? []).map((own) => group.classes.indexOf(own)).sort((a, b) => a - b),
      })),
      skipped,
      parameters_before: before.parameters.trainable,
      parameters_after: after.parameters.trainable,
      macs_before: before.macs,
      macs_after: after.macs,
    },
  };
}

function skippedOf(
  weights: ReadonlyMap<string, StoredTensor>,
  groups: readonly ChannelGroup[],
  reasonOf: (weight: string) => string,
): StructuredReport["skipped"] {
  const shrunk = new Set(groups.flatMap((group) => group.weights));
  return [...weights.keys()]
    .filter((weight) => !shrunk.has(weight))
    .map((weight) => ({ weight, reason: reasonOf(weight) }));
}

function nothingToRemove(skipped: StructuredReport["skipped"]): OnnxFault {
  const [first] = skipped;
  const reason = first ? `of '${first.weight}' ${first.reason}` : "it has no weights of layers";
  const message = `no channel of the model can be removed: ${reason}`;
  return new OnnxFault("unsupported", message, first ? { tensor: first.weight } : {});
}
