import { ExplainFault } from "../explain-fault.ts";
import type { Segments as SegmentOptions } from "../explain-request.ts";
import type { Background } from "../game.ts";
import { hideSegments, type Fill } from "../segments/fill.ts";
import { imageSegments } from "../segments/image-segments.ts";
import { signalSegments } from "../segments/signal-segments.ts";
import type { Segments } from "../segments/segments.ts";
import type { Players } from "./players.ts";
import { neededBackground, playersOf, type Task } from "./task.ts";

/** What coalitions are made of, and what stands for those outside. */
export type Hidden = { players: Players; background: Background; notes: string[] };

/** Features and the background's rows for a table; segments for a signal or an image. */
export function hiddenPlayers(task: Task): Hidden {
  const { subject, request } = task;
  const { segments = {} } = request.options;
  const isWhole = request.groups !== null || segments.kind === "none" || subject.kind === "table";
  if (!isWhole) return hiddenSegments(task, segments);
  if (subject.kind === "table" && Object.keys(segments).some((name) => name !== "kind"))
    throw new ExplainFault(
      "option_invalid",
      "segments are for signals and images, and the model takes a table; use 'groups'",
      "options.segments",
    );
  return { players: playersOf(task), background: neededBackground(task).rows, notes: [] };
}

function hiddenSegments(task: Task, options: SegmentOptions): Hidden {
  const { subject, instance, random } = task;
  const [port] = subject.layout.ports;
  if (port === undefined) throw new Error("a signal has an input");
  const cut = subject.kind === "signal" ? signalParts(task, options) : imageParts(task, options);
  const notes: string[] = [];
  const fill = fillOf(task, options, notes);
  const filled = fill.kind === "noise" ? { ...fill, random } : fill;
  const { background, groups } = hideSegments(subject.layout, port, instance, cut, filled);
  const names = groups.map((_, at) => nameOf(cut, at));
  return { players: { kind: "segments", names, members: groups }, background, notes };
}

function signalParts({ subject }: Task, { kind = "equal", count }: SegmentOptions) {
  const [port] = subject.layout.ports;
  if (kind !== "equal" || port === undefined)
    throw new ExplainFault(
      "option_invalid",
      `a signal is cut into 'equal' parts, and not by '${kind}'`,
      "options.segments.kind",
    );
  return signalSegments(port, count === undefined ? {} : { segments: count });
}

function imageParts({ subject, instance }: Task, { kind = "slic", count }: SegmentOptions) {
  const [port] = subject.layout.ports;
  if (kind === "equal" || kind === "none" || port === undefined)
    throw new ExplainFault(
      "option_invalid",
      "an image is cut by 'slic', 'quickshift' or 'grid'",
      "options.segments.kind",
    );
  const segmenter = kind === "grid" ? "patches" : kind;
  const segments = count === undefined ? {} : { segments: count };
  return imageSegments(port, instance, { segmenter, ...segments });
}

/** What hides a segment. Shapley values compare with data unless something else is asked for; LIME takes the mean as it always has. */
function fillOf(task: Task, { fill }: SegmentOptions, notes: string[]): Fill {
  if (fill === "noise") return { kind: "noise", random: task.random };
  if (fill !== undefined && fill !== "background") return { kind: fill };
  if (fill === undefined && task.background === null && task.method === "lime") {
    notes.push("hidden segments show their own mean, as no background was given");
    return { kind: "mean" };
  }
  return { kind: "background", background: neededBackground(task).rows };
}

/** `signal 128..191`, or `segment 7` of an image. */
function nameOf({ labels, grid }: Segments, segment: number): string {
  if (grid.shape.length > 1) return `segment ${segment}`;
  return `${labels.indexOf(segment)}..${labels.lastIndexOf(segment)}`;
}
