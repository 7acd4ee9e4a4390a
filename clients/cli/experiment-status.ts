import type { ExperimentView } from "@linnet/sdk";
import type { Paint } from "./paint.ts";

export type Status = ExperimentView["status"];

export const hasEnded = (status: Status): boolean =>
  status === "concluded" || status === "rolled_back";

export const paintStatus = (status: Status, paint: Paint): string => {
  const styles = {
    draft: paint.dim,
    running: paint.green,
    paused: paint.yellow,
    concluded: paint.cyan,
    rolled_back: paint.red,
  };
  return styles[status](status);
};
