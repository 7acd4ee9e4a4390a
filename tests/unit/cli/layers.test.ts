import { expect, it } from "vitest";
import { problem, standIn } from "../sdk/stand-in.ts";
import { runCli } from "./run-cli.ts";

const LAYER = {
  id: "lyr_1",
  name: "checkout",
  description: "",
  holdout: "0.1",
  free: "0.7",
  holders: [
    { experiment_id: "exp_1", share: "0.2", free_at: null },
    { experiment_id: "exp_2", share: "0", free_at: "2026-11-21T09:30:00.000Z" },
  ],
  created_at: "2026-11-21T09:30:00.000Z",
  updated_at: "2026-11-21T09:30:00.000Z",
};

it("makes a layer, with what is said of it alone", async () => {
  const { url, received } = await standIn(() => ({ status: 201, json: LAYER }));
  const ran = await runCli(["layers", "put", "checkout", "--holdout", "0.10"], { url });
  expect(ran.code).toBe(0);
  expect(received.map(({ method, path, body }) => [method, path, body])).toEqual([
    ["PUT", "/v1/layers/checkout", '{"holdout":"0.1"}'],
  ]);
});

it("shows who holds a layer's shares", async () => {
  const { url } = await standIn(() => ({ json: LAYER }));
  const { stdout } = await runCli(["layers", "get", "checkout"], { url });
  expect(stdout).toMatch(/free +0\.7\n/);
  expect(stdout).toMatch(/exp_1 +0\.2\nexp_2 +0 +2026-11-21 09:30:00/);
});

it("lists layers", async () => {
  const { url } = await standIn(() => ({ json: { items: [LAYER], next_cursor: null } }));
  expect((await runCli(["layers", "list"], { url })).stdout).toMatch(/checkout +0\.1/);
});

it("deletes a layer when it is sure, and says who keeps it from that", async () => {
  const { url, received } = await standIn(() => problem(409, "layer_in_use"));
  expect((await runCli(["layers", "delete", "checkout"], { url })).code).toBe(2);
  expect(received).toEqual([]);
  const refused = await runCli(["layers", "delete", "checkout", "--yes"], { url });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("`linnet layers get <name>`");
});
