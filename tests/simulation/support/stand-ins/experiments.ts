import type { ExperimentStanding } from "../../../../database/experiments.ts";
import type { Directory } from "./directory.ts";

export const findExperiment = (directory: Directory, _id: string) =>
  directory.query(() => ({ owner_id: directory.owner_id, status: "running" }));

export const putExperimentStatus = (
  directory: Directory,
  id: string,
  standing: ExperimentStanding,
): Promise<unknown> =>
  directory.query(() => {
    const known = directory.standings.get(id);
    if (known === null || (known && known.updated_at > standing.updated_at)) return;
    directory.standings.set(id, standing);
  });

export const deleteExperiment = (directory: Directory, id: string): Promise<unknown> =>
  directory.query(() => directory.standings.set(id, null));
