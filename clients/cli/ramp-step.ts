import type { CreateExperiment } from "@linnet/sdk";
import { parseDuration } from "./duration.ts";
import { UsageError } from "./exit-codes.ts";
import { formatWeight, parseWeight } from "./weight-text.ts";

export type RampStep = NonNullable<CreateExperiment["ramp"]>["steps"][number];

/** `weight[:hold[:outcomes]][:approval]`, such as `0.05:10m:200` or `0.5:approval`. */
export function parseStep(text: string): RampStep {
  const [weight = "", ...rest] = text.split(":");
  const approval = rest.at(-1) === "approval";
  const [hold, outcomes, ...more] = approval ? rest.slice(0, -1) : rest;
  const hold_seconds = hold === undefined ? undefined : parseDuration(hold);
  if (hold_seconds === null || more.length > 0 || !/^\d+$/.test(outcomes ?? "0"))
    throw new UsageError(
      `--step ${text}: expected weight[:hold[:outcomes]][:approval], such as 0.05:10m:200`,
    );
  return {
    weight: formatWeight(parseWeight(weight)),
    ...(hold_seconds === undefined ? {} : { hold_seconds }),
    ...(outcomes === undefined ? {} : { minimum_outcomes: Number(outcomes) }),
    ...(approval ? { approval } : {}),
  };
}
