import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createExperiment, NOW } from "../support/experiment-actor.ts";
import { granted } from "../support/granted.ts";
import { newDataset } from "../support/dataset-versions.ts";
import { nodeOf, read, readNewRun, runRecord } from "../support/lineage.ts";
import { addVersion, createModel } from "../support/model-actor.ts";
import { alarmOf, during, owedBy } from "../support/outage.ts";
import { newUser } from "../support/platform.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOW }));
afterEach(() => void vi.useRealTimers());

/** Until what is delivered behind an answer has been tried. */
const tried = (actor: DurableObjectStub, key: string) =>
  vi.waitFor(() =>
    runInDurableObject(actor, (_, { storage }) => {
      const rows = storage.sql.exec("SELECT 1 FROM effect WHERE key = ? AND attempts > 0", key);
      expect(rows.toArray()).toHaveLength(1);
    }),
  );

describe("an experiment and its node in the graph", () => {
  const graphOf = (made: Awaited<ReturnType<typeof createExperiment>>) => {
    const graph = env.LINEAGE.getByName(made.definition.owner_id);
    return () => graph.existing([made.id]);
  };

  it("are one behind the other, also where the graph fails twice and the actor is evicted", async () => {
    const made = await during("lineage", async () => {
      const created = await createExperiment();
      await tried(created.experiment, "lineage");
      return created;
    });
    const nodes = graphOf(made);
    expect(await owedBy(made.experiment)).toEqual(["lineage"]);
    expect(await alarmOf(made.experiment)).toBe(NOW + 1_000);
    await during("lineage", () => runDurableObjectAlarm(made.experiment));
    expect(await alarmOf(made.experiment)).toBeGreaterThanOrEqual(NOW + 2_000);
    await evictDurableObject(made.experiment);
    expect(await nodes()).toEqual([]);
    await runDurableObjectAlarm(made.experiment);
    expect([await nodes(), await owedBy(made.experiment)]).toEqual([[made.id], []]);
    // Delivered again, it changes nothing.
    await runInDurableObject(made.experiment, (_, { storage }) => {
      storage.sql.exec("INSERT INTO effect VALUES ('lineage', 1, 0, 1)");
    });
    await runInDurableObject(made.experiment, (actor) => actor.alarm());
    expect([await nodes(), await owedBy(made.experiment)]).toEqual([[made.id], []]);
  });

  it("are made without the one waiting for the other", async () => {
    let held = true;
    let looks = 0;
    // A look at a flag now and then, because a promise may not be awaited across actors.
    const put = async (): Promise<void> => {
      if (!held || looks > 1_000) return;
      looks += 1;
      await scheduler.wait(1);
      await put();
    };
    const graph = vi.spyOn(env.LINEAGE, "getByName").mockReturnValue({ put } as never);
    try {
      const { experiment } = await createExperiment();
      expect(await owedBy(experiment)).toEqual(["lineage"]);
      held = false;
      await vi.waitFor(async () => expect(await owedBy(experiment)).toEqual([]));
    } finally {
      held = false;
      graph.mockRestore();
    }
  });

  it("go one after the other, and what was created and deleted during an outage never comes", async () => {
    const made = await createExperiment();
    const nodes = graphOf(made);
    await vi.waitFor(async () => expect(await nodes()).toEqual([made.id]));
    await during("lineage", () => granted(made.experiment.remove()));
    expect([await nodes(), await owedBy(made.experiment)]).toEqual([[made.id], ["lineage"]]);
    await evictDurableObject(made.experiment);
    await runDurableObjectAlarm(made.experiment);
    expect([await nodes(), await owedBy(made.experiment)]).toEqual([[], []]);
    const short = await during("lineage", async () => {
      const created = await createExperiment();
      await granted(created.experiment.remove());
      return created;
    });
    await runDurableObjectAlarm(short.experiment);
    expect([await graphOf(short)(), await owedBy(short.experiment)]).toEqual([[], []]);
  });
});

describe("what is deleted lets go of the data that it named", () => {
  const consumersOf = async (data: Awaited<ReturnType<typeof newDataset>>, version_id: string) =>
    (await granted(data.open().inspected({ version_id }))).used_by;

  it("with a model, after the graph and then the dataset were out of order", async () => {
    const { model_id, owner_id, model } = await createModel();
    await addVersion(model_id, "a");
    const graph = env.LINEAGE.getByName(owner_id);
    const data = await newDataset(owner_id, "wines");
    const version_id = await data.add();
    const node = nodeOf(`${model_id}@1`);
    await granted(data.open().claim(version_id, node.node_id, { owner_id }));
    await granted(graph.replaceSources(node, [nodeOf(version_id)]));
    // What an experiment tried keeps a place in the graph, and its edges.
    await granted(graph.put([nodeOf("exp_a")], [{ from: node.node_id, to: "exp_a" }]));
    await during("lineage", () => granted(model.deleteVersion(1, owner_id)));
    expect(await owedBy(model)).toEqual([`lineage:${owner_id}:1`]);
    expect(await consumersOf(data, version_id)).toEqual([node.node_id]);
    await evictDurableObject(model);
    await during("datasets", () => runDurableObjectAlarm(model));
    expect([await owedBy(model), await graph.existing([node.node_id])]).toEqual([[], []]);
    expect(await owedBy(graph)).toEqual([`claim:${version_id}:${node.node_id}`]);
    await evictDurableObject(graph);
    await runDurableObjectAlarm(graph);
    expect([await owedBy(graph), await alarmOf(graph)]).toEqual([[], null]);
    expect(await consumersOf(data, version_id)).toEqual([]);
  });

  it("with a run; one that is begun again under its id keeps what it claims", async () => {
    const owner_id = await newUser();
    const open = () => env.LINEAGE.getByName(owner_id);
    const data = await newDataset(owner_id, "wines");
    const version_id = await data.add();
    const run_id = "run_again";
    const begin = async () => {
      await granted(data.open().claim(version_id, run_id, { owner_id }));
      const inputs = [nodeOf(version_id)];
      const order = { record: runRecord(run_id), request_hash: "a", inputs, outputs: [] };
      await granted(readNewRun(open().putRun(order)));
    };
    await begin();
    await during("datasets", () => granted(open().removeRun(run_id)));
    expect(await consumersOf(data, version_id)).toEqual([run_id]);
    await begin();
    await runDurableObjectAlarm(open());
    expect([await owedBy(open()), await consumersOf(data, version_id)]).toEqual([[], [run_id]]);
    await granted(open().removeRun(run_id));
    expect(await consumersOf(data, version_id)).toEqual([]);
  });

  it("and with what a model's version does not name any more", async () => {
    const owner_id = await newUser();
    const open = () => env.LINEAGE.getByName(owner_id);
    const data = await newDataset(owner_id, "wines");
    const [first, second] = [await data.add(), await data.add()];
    const model = nodeOf("mdl_m@1");
    for (const id of [first, second]) await granted(data.open().claim(id, "mdl_m@1", { owner_id }));
    await granted(open().replaceSources(model, [nodeOf(first)]));
    await during("datasets", () => granted(open().replaceSources(model, [nodeOf(second)])));
    expect(await consumersOf(data, first)).toEqual(["mdl_m@1"]);
    await runDurableObjectAlarm(open());
    expect(await consumersOf(data, first)).toEqual([]);
    expect(await consumersOf(data, second)).toEqual(["mdl_m@1"]);
  });
});

describe("a dataset that gets another name", () => {
  const labels = async (owner_id: string, ids: string[]) => {
    const graph = env.LINEAGE.getByName(owner_id);
    const nodes = await Promise.all(ids.map((id) => granted(read("node", graph.node(id)))));
    return nodes.map(({ label }) => label);
  };

  it("has it in the graph when that answers again, whatever it was called in between", async () => {
    const owner_id = await newUser();
    const data = await newDataset(owner_id, "first");
    const ids = [await data.add(), await data.add()];
    const rename = (name: string) => granted(data.open().change({ name }));
    await during("lineage", () => rename("second").then(() => rename("third")));
    expect(await owedBy(data.open())).toEqual(["names"]);
    expect(await labels(owner_id, ids)).toEqual(["first@1", "first@2"]);
    await evictDurableObject(data.open());
    await runDurableObjectAlarm(data.open());
    expect(await labels(owner_id, ids)).toEqual(["third@1", "third@2"]);
    await granted(data.open().change({ compatibility: "full" }));
    expect(await owedBy(data.open())).toEqual([]);
  });

  it("has it on more versions than are told of at once, and on no other node", async () => {
    const owner_id = await newUser();
    const data = await newDataset(owner_id, "many");
    const first = await data.add();
    const ids = Array.from({ length: 2_100 }, (_, at) => `dsv_${owner_id}_${at}`);
    await runInDurableObject(data.open(), (_, { storage }) => {
      for (const [at, id] of ids.entries())
        storage.sql.exec(
          `INSERT INTO version (number, id, content_hash, created_at, size_bytes, record, warnings)
           SELECT ?1, ?2, ?2, created_at, size_bytes, record, warnings FROM version WHERE number = 1`,
          at + 2,
          id,
        );
    });
    const nodes = ids.map((id, at) => nodeOf(id, { metadata: { version_number: at + 2 } }));
    const others = [nodeOf("run_many", { label: "many" }), nodeOf(`dsv_${owner_id}_other`)];
    await granted(env.LINEAGE.getByName(owner_id).put([...nodes, ...others], []));
    await granted(data.open().change({ name: "renamed" }));
    expect(await labels(owner_id, [first, ...ids])).toEqual(
      [first, ...ids].map((_, at) => `renamed@${at + 1}`),
    );
    expect(await labels(owner_id, ["run_many", `dsv_${owner_id}_other`])).toEqual([
      "many",
      `dsv_${owner_id}_other`,
    ]);
  });
});
