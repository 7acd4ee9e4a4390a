import { ExplainFault } from "../explain-fault.ts";
import type { Port } from "../rows.ts";
import { namedOption } from "./option-checks.ts";
import type { Grid } from "./segments.ts";

/** Where the axis of channels lies in the shape of one row. */
export type ChannelAxis = "first" | "last";

const CHANNEL_AXES: Record<ChannelAxis, boolean> = { first: false, last: true };

/** How many channels an axis has that is taken for that of the colours: grey, colours, colours and opacity. */
const COLOUR_CHANNELS: readonly number[] = [1, 3, 4];

/**
 * The grid of an image input of shape [height, width], [channels, height, width] or
 * [height, width, channels]. Which of the last two is told by `channels`, else by which axis has
 * 1, 3 or 4 elements, the first before the last. Throws `ExplainFault`: method_unsupported for
 * another shape or no numbers, option_invalid where `channels` is needed or unknown.
 */
export function imageGrid(port: Port, channels?: ChannelAxis): Grid {
  const { name, shape } = port;
  refuseTexts(port);
  const [first = 0, second = 0, third = 0] = shape;
  if (shape.length === 2) return { channels: 1, shape, channels_last: false };
  if (shape.length !== 3)
    throw new ExplainFault(
      "method_unsupported",
      `input '${name}' has rows of shape [${shape.join(", ")}], and an image has 2 or 3 axes`,
      name,
    );
  if (channels === undefined && ![first, third].some((size) => COLOUR_CHANNELS.includes(size)))
    throw new ExplainFault(
      "option_invalid",
      `neither the first nor the last axis of [${shape.join(", ")}] looks like colours; say channels: first or last`,
      "channels",
    );
  const axis = channels ?? (COLOUR_CHANNELS.includes(first) ? "first" : "last");
  return namedOption("channels", CHANNEL_AXES, axis)
    ? { channels: third, shape: [first, second], channels_last: true }
    : { channels: first, shape: [second, third], channels_last: false };
}

/**
 * The grid of a signal input of shape [length], or [channels, length], or with `channels: last`
 * [length, channels]. Throws `ExplainFault` as `imageGrid` does.
 */
export function signalGrid(port: Port, channels: ChannelAxis = "first"): Grid {
  const { name, shape } = port;
  refuseTexts(port);
  const channels_last = namedOption("channels", CHANNEL_AXES, channels);
  const [first = 0, second = 0] = shape;
  if (shape.length === 1) return { channels: 1, shape, channels_last };
  if (shape.length !== 2)
    throw new ExplainFault(
      "method_unsupported",
      `input '${name}' has rows of shape [${shape.join(", ")}], and a signal has 1 or 2 axes`,
      name,
    );
  return channels_last
    ? { channels: second, shape: [first], channels_last }
    : { channels: first, shape: [second], channels_last };
}

function refuseTexts({ name, type, categories }: Port): void {
  if (categories !== null || type === "bool")
    throw new ExplainFault(
      "method_unsupported",
      `input '${name}' is of type ${type}, and only numbers can be cut into segments`,
      name,
    );
}
