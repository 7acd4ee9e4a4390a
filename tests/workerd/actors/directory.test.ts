import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { openDirectory } from "../../../database/directory.ts";
import {
  type ExperimentRow,
  findExperiment,
  putExperimentStatus,
  reserveExperiment,
} from "../../../database/experiments.ts";

const directory = openDirectory(env.DB);
const OWNER = "usr_01jcp4w0v8e1t9m3k5r7x2y4zb";

async function put(id: string, changes: Partial<ExperimentRow> = {}): Promise<string> {
  await env.DB.prepare("INSERT OR IGNORE INTO user (id, name, created_at) VALUES (?, 'a team', 0)")
    .bind(OWNER)
    .run();
  const row = {
    id,
    owner_id: OWNER,
    name: "canary",
    description: "",
    status: "running",
    consistency: "leased",
    flag_key: null,
    idempotency_key: null,
    request_hash: "",
    created_at: 0,
    updated_at: 0,
    started_at: null,
    ended_at: null,
    ...changes,
  } as const;
  await reserveExperiment(directory, row);
  return id;
}

const standing = (updated_at: number, ended_at: number | null = null) => ({
  status: ended_at === null ? ("running" as const) : ("concluded" as const),
  updated_at,
  started_at: 1,
  ended_at,
});

describe("where an experiment stands, in the directory,", () => {
  it("is the latest that was told, whichever comes last", async () => {
    const id = await put("exp_latest");
    await putExperimentStatus(directory, id, standing(20, 20));
    await putExperimentStatus(directory, id, standing(10));
    expect(await findExperiment(directory, id)).toMatchObject({
      status: "concluded",
      updated_at: 20,
    });
  });

  it("may be told again", async () => {
    const id = await put("exp_again");
    await putExperimentStatus(directory, id, standing(20));
    await putExperimentStatus(directory, id, standing(20));
    expect(await findExperiment(directory, id)).toMatchObject({ updated_at: 20 });
  });
});

describe("a flag key", () => {
  it("is of one experiment that has not ended", async () => {
    await put("exp_holder", { flag_key: "ranking" });
    await put("exp_refused", { flag_key: "ranking" });
    expect(await findExperiment(directory, "exp_refused")).toBeUndefined();
  });

  it("is free again after the end, and stays with who took it when the end is undone", async () => {
    const first = await put("exp_first", { flag_key: "search" });
    await putExperimentStatus(directory, first, standing(10, 10));
    const second = await put("exp_second", { flag_key: "search" });
    await putExperimentStatus(directory, first, standing(20));
    expect(await findExperiment(directory, first)).toMatchObject({
      status: "running",
      flag_key: null,
    });
    expect(await findExperiment(directory, second)).toMatchObject({ flag_key: "search" });
  });

  it("is kept when the end is undone and nobody has taken it", async () => {
    const id = await put("exp_alone", { flag_key: "prices" });
    await putExperimentStatus(directory, id, standing(10, 10));
    await putExperimentStatus(directory, id, standing(20));
    expect(await findExperiment(directory, id)).toMatchObject({ flag_key: "prices" });
  });
});
