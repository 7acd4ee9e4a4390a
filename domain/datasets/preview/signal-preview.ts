import { DatasetFault } from "../dataset-fault.ts";
import type { TensorCell } from "../table.ts";
import { checkedCount } from "./checked-range.ts";

export type SignalPreview = {
  /** Samples along the last axis. */
  samples: number;
  /** The sample that each value is of, in ascending order. */
  index: number[];
  /** Null where a sample is NaN or infinite. */
  value: (number | null)[];
  /** The least and greatest finite sample; null without any. */
  min: number | null;
  max: number | null;
};

const MOST_POINTS = 20_000;

/**
 * A signal in at most `points` values (2 to 20,000) that draw the same picture: of each of points / 2
 * stretches its least and its greatest sample, in their order, so that no peak is lost. A signal with
 * no more samples than points is given as it is. A stretch with a sample that is not finite has a
 * null after its extremes. `channel` counts the signals along the last axis in row-major order.
 */
export function signalPreview(tensor: TensorCell, points: number, channel = 0): SignalPreview {
  checkedCount("points", points, 2, MOST_POINTS);
  const samples = tensor.dims.at(-1) ?? 1;
  const channels = samples === 0 ? 0 : tensor.data.length / samples;
  if (!(Number.isSafeInteger(channel) && channel >= 0 && channel < Math.max(1, channels)))
    throw new DatasetFault(
      "option_invalid",
      `channel is ${channel}, and the tensor of ${tensor.dims.join(" x ")} has channels 0 to ${channels - 1}`,
      { field: "channel" },
    );
  const preview: SignalPreview = { samples, index: [], value: [], min: null, max: null };
  const at = (index: number): number => Number(tensor.data[channel * samples + index] ?? 0);
  if (samples <= points)
    for (let index = 0; index < samples; index++) push(preview, index, at(index));
  else addExtremes(preview, at, Math.floor(points / 2));
  const finite = preview.value.filter((value) => value !== null);
  if (finite.length === 0) return preview;
  const [min, max] = [Math.min(...finite), Math.max(...finite)];
  return { ...preview, min, max };
}

function push({ index, value }: SignalPreview, sample: number, found: number): void {
  index.push(sample);
  value.push(Number.isFinite(found) ? found + 0 : null);
}

function addExtremes(
  preview: SignalPreview,
  at: (index: number) => number,
  stretches: number,
): void {
  const { samples } = preview;
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * samples) / stretches);
    const to = Math.floor(((stretch + 1) * samples) / stretches);
    let [least, greatest, gap] = [-1, -1, -1];
    for (let index = from; index < to; index++) {
      const value = at(index);
      if (!Number.isFinite(value)) gap = index;
      else {
        if (least < 0 || value < at(least)) least = index;
        if (greatest < 0 || value > at(greatest)) greatest = index;
      }
    }
    const chosen = [...new Set([least, greatest])].filter((index) => index >= 0);
    // A stretch gives two points at most: a gap takes the place of the second.
    const shown = gap < 0 ? chosen : [...chosen.slice(0, 1), gap];
    for (const index of shown.sort((a, b) => a - b)) push(preview, index, at(index));
  }
}
