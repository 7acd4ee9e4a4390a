import { AXIS_HEIGHT, bottomAxis, leftAxis } from "../../explain/plots/axis.ts";
import { figure } from "../../explain/plots/figure.ts";
import { counted, numeral } from "../../explain/plots/numerals.ts";
import { linearScale } from "../../explain/plots/scale.ts";
import { MARGIN, WIDTH } from "../../explain/plots/style.ts";
import { element, pathThrough } from "../../explain/plots/svg.ts";
import { DatasetFault } from "../dataset-fault.ts";
import type { SignalPreview } from "./signal-preview.ts";

const LEFT = MARGIN + 56;
const HEIGHT = 240;
/** Beyond this no scale can be drawn. */
const GREATEST = 1e300;

export type SignalPlotOptions = {
  title: string;
  /** Samples a second; without it, the axis counts samples. */
  sampling_rate_hz?: number;
  /** Of the values. */
  unit?: string;
};

/** A signal over time as an SVG; gaps are where samples are not finite. Throws `option_invalid` for values beyond 1e300. */
export function signalPlot(
  { samples, index, value, min, max }: SignalPreview,
  { title, sampling_rate_hz: rate, unit }: SignalPlotOptions,
): string {
  const [low, high] = [min ?? 0, max ?? 0];
  if (Math.max(Math.abs(low), Math.abs(high)) > GREATEST)
    throw new DatasetFault(
      "option_invalid",
      `the signal reaches from ${low} to ${high}, which is too far to be drawn`,
    );
  const at = (sample: number): number => (rate === undefined ? sample : sample / rate);
  const across = linearScale([0, at(Math.max(0, samples - 1))], { range: [LEFT, WIDTH - MARGIN] });
  const up = linearScale([low, high], { range: [HEIGHT, 0], pad: 0.05 });
  const lines = stretches(index, value).map((points) =>
    element("path", {
      class: "line amount",
      "stroke-width": 1,
      "stroke-linecap": "round",
      d: pathThrough(points.map(([sample, found]) => [across.at(at(sample)), up.at(found)])),
    }),
  );
  const extent = rate === undefined ? "" : `, ${numeral(samples / rate)} s at ${numeral(rate)} Hz`;
  return figure({
    title,
    subtitle: `${counted(samples, "sample")}${extent}`,
    description:
      min === null
        ? "The signal has no finite sample."
        : `The signal lies between ${numeral(low)} and ${numeral(high)}${unit === undefined ? "" : ` ${unit}`}.`,
    body: {
      content: [
        ...bottomAxis(across, rate === undefined ? "sample" : "time in s", 0, HEIGHT),
        ...leftAxis(up, unit ?? "value", LEFT, WIDTH - MARGIN),
        ...lines,
      ],
      height: HEIGHT + AXIS_HEIGHT,
    },
  });
}

/** Runs of samples without a gap; a single one becomes a dot. */
function stretches(
  index: readonly number[],
  value: readonly (number | null)[],
): [number, number][][] {
  const all: [number, number][][] = [];
  let run: [number, number][] = [];
  const end = (): void => {
    if (run.length === 1) run.push(...run);
    if (run.length > 0) all.push(run);
    run = [];
  };
  for (const [at, found] of value.entries())
    if (found === null) end();
    else run.push([index[at] ?? 0, found]);
  end();
  return all;
}
