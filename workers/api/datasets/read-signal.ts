import type * as z from "zod";
import type { SignalQuery, SignalView } from "../../../contract/dataset-contents.ts";
import type { StoredFile } from "../../../contract/dataset-record.ts";
import { signalPlot } from "../../../domain/datasets/preview/signal-plot.ts";
import { signalPreview } from "../../../domain/datasets/preview/signal-preview.ts";
import { orFault, worked } from "./dataset-problem.ts";

type Read = z.output<typeof SignalView>;

/** A part of one signal, with no more samples than were asked for and no peak lost. */
export async function readSignal(
  env: Env,
  file: StoredFile,
  { points, channel, ...at }: z.output<typeof SignalQuery>,
): Promise<Read> {
  const { tensor, ...part } = worked(await env.DATA.signal(file, at));
  const { samples, index, value } = orFault(() => signalPreview(tensor, points, channel));
  return {
    ...part,
    row: at.row,
    to: part.from + samples,
    dims: tensor.dims,
    index: index.map((sample) => sample + part.from),
    values: value,
  };
}

export const signalPicture = (
  { index, values, from, to, sampling_rate_hz, unit }: Read,
  title: string,
): string => {
  const finite = values.filter((value) => value !== null);
  const preview = {
    samples: to - from,
    index: index.map((sample) => sample - from),
    value: values,
    min: finite.length === 0 ? null : Math.min(...finite),
    max: finite.length === 0 ? null : Math.max(...finite),
  };
  const scale = {
    title,
    ...(sampling_rate_hz !== null && { sampling_rate_hz }),
    ...(unit !== null && { unit }),
  };
  return orFault(() => signalPlot(preview, scale));
};
