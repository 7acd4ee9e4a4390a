import { expect, it } from "vitest";
import { experiments, models, predictions } from "../../../clients/sdk/index.ts";
import { problem, standIn } from "./stand-in.ts";

const sent = ({
  method,
  path,
  query,
  body,
}: {
  method: string;
  path: string;
  query: Record<string, string>;
  body: string;
}) => [`${method} ${path}`, query, body];

it("reads, lists and deletes what is kept of a model", async () => {
  const { client, received } = await standIn(() => ({ json: { items: [], next_cursor: null } }));
  await predictions.list(client(), "wdbc", { version: 2, experiment_id: "exp_1", limit: 3 });
  await predictions.get(client(), "wdbc", "prd_1");
  await predictions.remove(client(), "wdbc", "prd_1");
  await predictions.prune(client(), "wdbc", { older_than_days: 7 });
  await predictions.prune(client(), "wdbc");
  const at = "/v1/models/wdbc/predictions";
  expect(received.map(sent)).toEqual([
    [`GET ${at}`, { version: "2", experiment_id: "exp_1", limit: "3" }, ""],
    [`GET ${at}/prd_1`, {}, ""],
    [`DELETE ${at}/prd_1`, {}, ""],
    [`DELETE ${at}`, { older_than_days: "7" }, ""],
    [`DELETE ${at}`, {}, ""],
  ]);
});

it("goes through the pages of a list", async () => {
  const { client, received } = await standIn((_, index) => ({
    json: { items: [{ prediction_id: `prd_${index}` }], next_cursor: index === 0 ? "prd_0" : null },
  }));
  const all = await Array.fromAsync(predictions.all(client(), "wdbc", { version: 2 }));
  expect(all.map(({ prediction_id }) => prediction_id)).toEqual(["prd_0", "prd_1"]);
  expect(received[1]?.query).toEqual({ version: "2", cursor: "prd_0" });
});

it("reads and sets the share that is kept", async () => {
  const { client, received } = await standIn(() => ({ json: {} }));
  await models.getCapture(client(), "wdbc");
  await models.putCapture(client(), "wdbc", { rate: "0.1", kept_days: 7 });
  expect(received.map(sent)).toEqual([
    ["GET /v1/models/wdbc/capture", {}, ""],
    ["PUT /v1/models/wdbc/capture", {}, '{"rate":"0.1","kept_days":7}'],
  ]);
});

it("repeats a prediction that failed, but not one that may have been kept", async () => {
  const { client, received } = await standIn(() =>
    problem(503, "unavailable", { headers: { "retry-after": "0" } }),
  );
  const inputs = { x: [1] };
  const calls = async (call: Promise<unknown>) => {
    const before = received.length;
    await expect(call).rejects.toThrow("unavailable");
    return received.length - before;
  };
  const model = (store?: boolean) =>
    models.predict(client(), "wdbc", { inputs, ...(store === undefined ? {} : { store }) });
  expect(await calls(model())).toBe(3);
  expect(await calls(model(false))).toBe(3);
  expect(await calls(model(true))).toBe(1);
  expect(JSON.parse(received.at(-1)?.body ?? "")).toEqual({ inputs, store: true });
  expect(await calls(experiments.predict(client(), "exp_1", { inputs }))).toBe(3);
  expect(await calls(experiments.predict(client(), "exp_1", { inputs, store: true }))).toBe(1);
});
