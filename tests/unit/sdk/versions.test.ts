import { expect, test } from "vitest";
import { LinnetError, versions } from "../../../clients/sdk/index.ts";
import { problem, standIn } from "./stand-in.ts";

test("what is done with a version goes to its address, with what was asked for", async () => {
  const { client, received } = await standIn(() => ({ json: { ok: true } }));
  const linnet = client();
  await versions.inspect(linnet, "digits", 3, { batch: 8 });
  await versions.optimize(linnet, "digits", 3, { kind: "fp16", options: { keep_io_types: false } });
  await versions.benchmark(linnet, "digits", 3, { batch_sizes: [1] });
  await versions.benchmark(linnet, "digits", 3);
  const at = "/v1/models/digits/versions/3";
  expect(received.map(({ method, path, query, body }) => [method, path, query, body])).toEqual([
    ["GET", `${at}/inspect`, { batch: "8" }, ""],
    ["POST", `${at}/optimize`, {}, '{"kind":"fp16","options":{"keep_io_types":false}}'],
    ["POST", `${at}/benchmark`, {}, '{"batch_sizes":[1]}'],
    ["POST", `${at}/benchmark`, {}, "{}"],
  ]);
});

test("a refusal by the gate carries its figures, and a Worker that is busy is asked again", async () => {
  const gate = { passed: false, reasons: ["too slow"] };
  const { client, received } = await standIn((_, index) =>
    index === 0
      ? problem(503, "unavailable", { headers: { "retry-after": "0" } })
      : problem(422, "release_gate_failed", { members: { gate } }),
  );
  const error: unknown = await versions
    .optimize(client(), "digits", 1, { kind: "graph" })
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(LinnetError);
  expect(error).toMatchObject({ code: "release_gate_failed", problem: { gate } });
  expect(received).toHaveLength(2);
});
