import { describe, expect, it } from "vitest";
import { problem, standIn } from "../sdk/stand-in.ts";
import { runCli } from "./run-cli.ts";

const AT = "2026-11-21T09:30:00.000Z";
const RUN = {
  run_id: "run_1",
  name: "third try",
  status: "running",
  parameters: { lr: 0.01, loss: "mse" },
  metrics: { accuracy: 0.97 },
  code_hash: "abc123",
  started_at: AT,
  ended_at: null,
  created_at: AT,
  created_by: "key_1",
  updated_at: AT,
  job: { namespace: "training", name: "bearings" },
  openlineage_run_id: "0",
  inputs: [{ node_id: "dsv_3", label: "bearings@3" }],
  outputs: [],
};

async function ran(args: string[], json: unknown = RUN) {
  const { url, received } = await standIn(() => ({ json }));
  return { ...(await runCli(["runs", ...args], { url })), received };
}
const bodyOf = ({ body }: { body: string }): unknown => JSON.parse(body);

describe("a run", () => {
  it("is recorded with what it uses, and told by its id alone", async () => {
    const used = ["--used", "bearings@3", "--used", "noise", "--code", "abc123", "--id", "run_1"];
    const said = ["--param", "lr=0.01", "--param", "loss=mse", "--param", "note=a=b"];
    const { stdout, received } = await ran(["start", "third try", ...used, ...said]);
    expect(stdout).toBe("run_1\n");
    expect(received).toMatchObject([{ method: "POST", path: "/v1/runs" }]);
    expect(received.map(bodyOf)).toEqual([
      {
        run_id: "run_1",
        name: "third try",
        inputs: [
          { dataset: "bearings", version: "3" },
          { dataset: "noise", version: "head" },
        ],
        code_hash: "abc123",
        parameters: { lr: 0.01, loss: "mse", note: "a=b" },
      },
    ]);
  });

  it("ends well unless it is said otherwise, with what it made", async () => {
    const made = ["--metric", "accuracy=0.97", "--made-model", "wdbc@2", "--made-data", "scores"];
    const { received, stdout } = await ran(["end", "run_1", ...made]);
    expect(received).toMatchObject([{ method: "PATCH", path: "/v1/runs/run_1" }]);
    expect(received.map(bodyOf)).toEqual([
      {
        status: "succeeded",
        metrics: { accuracy: 0.97 },
        outputs: [
          { dataset: "scores", version: "head" },
          { model: "wdbc", version: 2 },
        ],
      },
    ]);
    expect(stdout).toMatch(
      /used +bearings@3\nparameters +lr=0\.01, loss=mse\nmetrics +accuracy 0\.97/,
    );
    expect(stdout).toMatch(/job +training\/bearings\n/);
    const failed = await ran(["end", "run_1", "--status", "failed"]);
    expect(failed.received.map(bodyOf)).toEqual([{ status: "failed" }]);
  });

  it("is added to while it runs", async () => {
    const { received } = await ran(["add", "run_1", "--metric", "loss=1e-3"]);
    expect(received.map(bodyOf)).toEqual([{ metrics: { loss: 0.001 } }]);
  });

  it.each([
    [["start", "a", "--param", "lr"], /expected <name>=<value>, not 'lr'/],
    [["start", "a", "--metric", "accuracy=high"], /expected a number for accuracy/],
    [["end", "run_1", "--made-model", "wdbc"], /such as wdbc@3/],
    [["end", "run_1", "--made-model", "wdbc@champion"], /such as wdbc@3/],
    [["end", "run_1", "--status", "running"], /Allowed choices/],
  ])("is not told of by %j", async (args, message) => {
    const { code, stderr, received } = await ran(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(received).toEqual([]);
  });

  it("is listed and shown", async () => {
    const flags = ["--status", "running", "--node", "dsv_3", "--search", "try"];
    const list = await ran(["list", ...flags], { items: [RUN], next_cursor: null });
    expect(list.received[0]?.query).toEqual({
      limit: "50",
      status: "running",
      node: "dsv_3",
      search: "try",
    });
    expect(list.stdout).toMatch(/run_1 +third try +running +accuracy 0\.97 +2026/);
    expect((await ran(["show", "run_1"])).stdout).toMatch(/code +abc123\n/);
  });

  it("is deleted when it is sure, and not where it made something", async () => {
    expect((await ran(["delete", "run_1"])).received).toEqual([]);
    const { url } = await standIn(() => problem(409, "run_in_use"));
    const refused = await runCli(["runs", "delete", "run_1", "--yes"], { url });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("`linnet runs show <run>`");
  });
});
