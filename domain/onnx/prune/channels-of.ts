import { inferModel } from "../infer/infer.ts";
import type { Model } from "../model.ts";
import { readsOf } from "../names.ts";
import { domainOf, entryOf, opsetOf } from "../node.ts";
import { ChannelCall } from "./channel-call.ts";
import { CHANNEL_RULES } from "./channel-rules.ts";
import { Channels } from "./channels.ts";

/** Which slices of the tensors of the main graph go together, and which have to stay. */
export function channelsOf(model: Model, kept: ReadonlySet<string>): Channels {
  const { graph } = model;
  const facts = inferModel(model);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const constants = new Set(
    graph.initializers.flatMap(({ name = "" }) => (inputs.has(name) ? [] : [name])),
  );
  const channels = new Channels();
  const factOf = (name: string) => {
    const fact = facts.get(name);
    return fact?.kind === "tensor" ? fact : undefined;
  };
  for (const name of facts.keys()) channels.add(name, factOf(name)?.shape ?? []);
  for (const [names, reason] of [
    [inputs, "it is an input of the model"],
    [outputs, "it is an output of the model"],
    [kept, "it is asked to stay"],
  ] as const)
    for (const name of names)
      for (const axis of channels.axesOf(name)) channels.freeze(axis, reason);
  for (const node of graph.nodes) {
    const opset = opsetOf(model, domainOf(node));
    const call = new ChannelCall(node, opset, channels, factOf, constants);
    entryOf(CHANNEL_RULES, node)?.(call);
    call.finish(readsOf(node));
  }
  return channels;
}
