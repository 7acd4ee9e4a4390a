import { OnnxFault } from "../onnx-fault.ts";

/** How the learning rate changes over a training; the training graph takes it as an input. */
export type Schedule = {
  /** The highest learning rate. */
  learning_rate: number;
  /** Steps over which it rises linearly from 0. */
  warm_up_steps?: number;
  decay?:
    | { kind: "constant" }
    /** Falls to `final_share` (0) of the highest along half a cosine. */
    | { kind: "cosine"; final_share?: number }
    | { kind: "linear"; final_share?: number }
    /** Multiplied by `factor` every `every` steps. */
    | { kind: "step"; factor: number; every: number };
};

/** The learning rate of a step, from 0 to `steps - 1`. */
export function learningRateAt(schedule: Schedule, step: number, steps: number): number {
  const { learning_rate, warm_up_steps = 0, decay = { kind: "constant" } } = schedule;
  if (!(learning_rate > 0 && Number.isFinite(learning_rate)))
    throw new OnnxFault("bad_request", "learning_rate has to be above 0");
  if (!(warm_up_steps >= 0))
    throw new OnnxFault("bad_request", "warm_up_steps has to be 0 or more");
  checkDecay(decay);
  if (step < warm_up_steps) return (learning_rate * (step + 1)) / warm_up_steps;
  if (decay.kind === "constant") return learning_rate;
  if (decay.kind === "step")
    return learning_rate * decay.factor ** Math.floor((step - warm_up_steps) / decay.every);
  const { final_share = 0 } = decay;
  const progress = (step - warm_up_steps) / Math.max(1, steps - warm_up_steps);
  const left = decay.kind === "linear" ? 1 - progress : (1 + Math.cos(Math.PI * progress)) / 2;
  return learning_rate * (final_share + (1 - final_share) * left);
}

function checkDecay(decay: NonNullable<Schedule["decay"]>): void {
  if (decay.kind === "constant") return;
  if (decay.kind === "step") {
    if (!(decay.factor > 0 && Number.isFinite(decay.factor)))
      throw new OnnxFault("bad_request", "decay.factor has to be above 0");
    if (!Number.isInteger(decay.every) || decay.every < 1)
      throw new OnnxFault("bad_request", "decay.every has to be a whole number of at least 1");
    return;
  }
  const { final_share = 0 } = decay;
  if (!(final_share >= 0 && final_share <= 1))
    throw new OnnxFault("bad_request", "decay.final_share has to be from 0 to 1");
}
