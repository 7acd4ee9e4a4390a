import { describe, expect, it } from "vitest";
import {
  type Call,
  datasets,
  groups,
  lineage,
  type Linnet,
  runs,
  transformations,
} from "../../../clients/sdk/index.ts";
import { problem, standIn } from "./stand-in.ts";

type Asked = [name: string, call: (client: Linnet) => Promise<unknown>, request: object];
const DAT = "/v1/datasets/bearings";
const source = { dataset: "bearings", version: "head" };

const REQUESTS: Asked[] = [
  [
    "datasets.create",
    (client) => datasets.create(client, { name: "bearings", format: "csv" }),
    { method: "POST", path: "/v1/datasets", body: '{"name":"bearings","format":"csv"}' },
  ],
  [
    "datasets.list",
    (client) => datasets.list(client, { search: "bea", shared: true, limit: 2 }),
    { method: "GET", path: "/v1/datasets", query: { search: "bea", shared: "true", limit: "2" } },
  ],
  ["datasets.get", (client) => datasets.get(client, "bearings"), { method: "GET", path: DAT }],
  [
    "datasets.change",
    (client) => datasets.change(client, "bearings", { description: "new" }),
    { method: "PATCH", path: DAT, body: '{"description":"new"}' },
  ],
  [
    "datasets.archive",
    (client) => datasets.archive(client, "bearings"),
    { method: "POST", path: `${DAT}/archive` },
  ],
  [
    "datasets.restore",
    (client) => datasets.restore(client, "bearings"),
    { method: "POST", path: `${DAT}/restore` },
  ],
  [
    "datasets.remove",
    (client) => datasets.remove(client, "bearings", { dryRun: true }),
    { method: "DELETE", path: DAT, query: { dry_run: "true" } },
  ],
  [
    "datasets.collect",
    (client) => datasets.collect(client, "bearings"),
    { method: "POST", path: `${DAT}/collect`, body: '{"dry_run":false}' },
  ],
  [
    "datasets.listVersions",
    (client) => datasets.listVersions(client, "bearings", { cursor: "c" }),
    { method: "GET", path: `${DAT}/versions`, query: { cursor: "c" } },
  ],
  [
    "datasets.getVersion",
    (client) => datasets.getVersion(client, "bearings", "head", { as_of: "2026-11-21T00:00:00Z" }),
    { method: "GET", path: `${DAT}/versions/head`, query: { as_of: "2026-11-21T00:00:00Z" } },
  ],
  [
    "datasets.removeVersion",
    (client) => datasets.removeVersion(client, "bearings", 3),
    { method: "DELETE", path: `${DAT}/versions/3`, query: {} },
  ],
  [
    "datasets.pin",
    (client) => datasets.pin(client, "bearings", 3),
    { method: "PUT", path: `${DAT}/versions/3/pin` },
  ],
  [
    "datasets.unpin",
    (client) => datasets.unpin(client, "bearings", 3),
    { method: "DELETE", path: `${DAT}/versions/3/pin` },
  ],
  [
    "datasets.listTags",
    (client) => datasets.listTags(client, "bearings"),
    { method: "GET", path: `${DAT}/tags` },
  ],
  [
    "datasets.putTag",
    (client) => datasets.putTag(client, "bearings", "raw", 3),
    { method: "PUT", path: `${DAT}/tags/raw`, body: '{"version":"3"}' },
  ],
  [
    "datasets.removeTag",
    (client) => datasets.removeTag(client, "bearings", "raw"),
    { method: "DELETE", path: `${DAT}/tags/raw` },
  ],
  [
    "datasets.compare",
    (client) => datasets.compare(client, "bearings", { from: 3, key: "id" }),
    { method: "GET", path: `${DAT}/compare`, query: { from: "3", key: "id" } },
  ],
  [
    "datasets.createLink",
    (client) => datasets.createLink(client, "bearings", "raw", { expires_in_s: 60 }),
    { method: "POST", path: `${DAT}/versions/raw/links`, body: '{"expires_in_s":60}' },
  ],
  [
    "datasets.rows",
    (client) => datasets.rows(client, "bearings", 3, { from: 5, columns: "a,b" }),
    { method: "GET", path: `${DAT}/versions/3/rows`, query: { from: "5", columns: "a,b" } },
  ],
  [
    "datasets.preview",
    (client) => datasets.preview(client, "bearings", 3, { by: "fault" }),
    { method: "GET", path: `${DAT}/versions/3/preview`, query: { by: "fault" } },
  ],
  [
    "datasets.statistics",
    (client) => datasets.statistics(client, "bearings", 3),
    { method: "GET", path: `${DAT}/versions/3/statistics` },
  ],
  [
    "datasets.signal",
    (client) => datasets.signal(client, "bearings", 3, { row: 7, points: 100 }),
    { method: "GET", path: `${DAT}/versions/3/signal`, query: { row: "7", points: "100" } },
  ],
  [
    "datasets.exportAs",
    (client) => datasets.exportAs(client, "bearings", 3, { format: "csv" }),
    { method: "GET", path: `${DAT}/versions/3/export`, query: { format: "csv" } },
  ],
  [
    "datasets.cancelUpload",
    (client) => datasets.cancelUpload(client, "bearings", "upl_1"),
    { method: "DELETE", path: `${DAT}/uploads/upl_1` },
  ],
  [
    "datasets.share",
    (client) => datasets.share(client, "bearings", "cardiology", "write"),
    {
      method: "PUT",
      path: "/v1/datasets/bearings/access/cardiology",
      body: '{"role":"write"}',
    },
  ],
  [
    "datasets.unshare",
    (client) => datasets.unshare(client, "bearings", "cardiology"),
    { method: "DELETE", path: "/v1/datasets/bearings/access/cardiology" },
  ],
  [
    "groups.create",
    (client) => groups.create(client, { name: "cardiology" }),
    { method: "POST", path: "/v1/groups", body: '{"name":"cardiology"}' },
  ],
  [
    "groups.list",
    (client) => groups.list(client, { search: "card" }),
    { method: "GET", path: "/v1/groups", query: { search: "card" } },
  ],
  [
    "groups.get",
    (client) => groups.get(client, "cardiology"),
    { method: "GET", path: "/v1/groups/cardiology" },
  ],
  [
    "groups.remove",
    (client) => groups.remove(client, "cardiology"),
    { method: "DELETE", path: "/v1/groups/cardiology" },
  ],
  [
    "groups.addMember",
    (client) => groups.addMember(client, "cardiology", "usr_1"),
    { method: "PUT", path: "/v1/groups/cardiology/members/usr_1" },
  ],
  [
    "groups.removeMember",
    (client) => groups.removeMember(client, "cardiology", "usr_1"),
    { method: "DELETE", path: "/v1/groups/cardiology/members/usr_1" },
  ],
  [
    "runs.create",
    (client) => runs.create(client, { name: "third try" }),
    { method: "POST", path: "/v1/runs", body: '{"name":"third try"}' },
  ],
  [
    "runs.list",
    (client) => runs.list(client, { status: "running", node: "dsv_1" }),
    { method: "GET", path: "/v1/runs", query: { status: "running", node: "dsv_1" } },
  ],
  ["runs.get", (client) => runs.get(client, "run_1"), { method: "GET", path: "/v1/runs/run_1" }],
  [
    "runs.change",
    (client) => runs.change(client, "run_1", { status: "failed" }),
    { method: "PATCH", path: "/v1/runs/run_1", body: '{"status":"failed"}' },
  ],
  [
    "runs.remove",
    (client) => runs.remove(client, "run_1"),
    { method: "DELETE", path: "/v1/runs/run_1" },
  ],
  [
    "lineage.get",
    (client) => lineage.get(client, "ds:warehouse/raw"),
    { method: "GET", path: "/v1/lineage/ds%3Awarehouse%2Fraw" },
  ],
  [
    "lineage.trace",
    (client) => lineage.trace(client, "dsv_1", "downstream", { depth: 3 }),
    { method: "GET", path: "/v1/lineage/dsv_1/downstream", query: { depth: "3" } },
  ],
  [
    "lineage.commonAncestors",
    (client) => lineage.commonAncestors(client, "dsv_1", "dsv_2"),
    { method: "GET", path: "/v1/lineage/common-ancestors", query: { a: "dsv_1", b: "dsv_2" } },
  ],
  ["lineage.cycles", lineage.cycles, { method: "GET", path: "/v1/lineage/cycles" }],
  [
    "lineage.chain",
    (client) => lineage.chain(client, "dsv_1"),
    { method: "GET", path: "/v1/lineage/dsv_1/chain" },
  ],
  [
    "lineage.impact",
    (client) => lineage.impact(client, { version_id: "dsv_1", rows: [3] }),
    { method: "POST", path: "/v1/lineage/impact", body: '{"version_id":"dsv_1","rows":[3]}' },
  ],
  [
    "transformations.create",
    (client) =>
      transformations.create(client, "bearings", {
        transformation_type: "filter",
        source_versions: ["dsv_1"],
      }),
    {
      method: "POST",
      path: `${DAT}/transformations`,
      body: '{"transformation_type":"filter","source_versions":["dsv_1"]}',
    },
  ],
  [
    "transformations.list",
    (client) => transformations.list(client, { dataset: "bearings" }),
    { method: "GET", path: "/v1/transformations", query: { dataset: "bearings" } },
  ],
  [
    "transformations.get",
    (client) => transformations.get(client, "trn_1"),
    { method: "GET", path: "/v1/transformations/trn_1" },
  ],
  [
    "transformations.cancel",
    (client) => transformations.cancel(client, "trn_1"),
    { method: "POST", path: "/v1/transformations/trn_1/cancel" },
  ],
  [
    "transformations.replay",
    (client) =>
      transformations.replay(client, "bearings", {
        source_version: source,
        new_source_version: "dsv_2",
      }),
    { method: "POST", path: `${DAT}/replay` },
  ],
  [
    "transformations.validate",
    (client) => transformations.validate(client, "bearings", "head", { rederive: false }),
    { method: "POST", path: `${DAT}/versions/head/validate`, body: '{"rederive":false}' },
  ],
];

describe("the requests of", () => {
  it.each(REQUESTS)("%s", async (_, call, request) => {
    const { client, received } = await standIn(() => ({ json: { items: [], next_cursor: null } }));
    await call(client());
    expect(received).toMatchObject([request]);
  });

  // What is made by a repeat that nobody asked for, and what has happened already.
  const once = ["datasets.create", "groups.create", "runs.create"];
  const alsoOnce = ["transformations.create", "transformations.replay", "transformations.cancel"];
  it.each(REQUESTS)("%s are sent again where that does no harm", async (name, call) => {
    const calls: Call[] = [];
    const note = async <T>(made: Call): Promise<T> => {
      calls.push(made);
      return undefined as T;
    };
    const { client } = await standIn(() => ({}));
    await call({ ...client(), call: note, read: note });
    expect(calls.map(({ repeatable }) => repeatable)).toEqual([
      ![...once, ...alsoOnce].includes(name),
    ]);
  });
});

it("a run that is named by its maker is recorded again after a lost answer", async () => {
  const { client, received } = await standIn(() => problem(503, "unavailable"));
  const order = { run_id: "run_1", name: "third try" };
  await expect(runs.create(client({ retries: 1 }), order)).rejects.toThrow();
  expect(received).toHaveLength(2);
});

it("pictures come as text", async () => {
  const { client, received } = await standIn(() => ({
    headers: { "content-type": "image/svg+xml" },
    text: "<svg/>",
  }));
  const drawn = [
    await lineage.picture(client(), "dsv_1", "upstream"),
    await datasets.statisticsPicture(client(), "bearings", 3),
    await datasets.signalPicture(client(), "bearings", 3, { row: 1 }),
  ];
  expect(drawn).toEqual(["<svg/>", "<svg/>", "<svg/>"]);
  for (const { headers } of received) expect(headers.accept).toContain("image/svg+xml");
});

it("lists are read to their end", async () => {
  const { client } = await standIn(({ query }) =>
    query["cursor"] === undefined
      ? { json: { items: [1], next_cursor: "c" } }
      : { json: { items: [2], next_cursor: null } },
  );
  const lists = [
    datasets.all(client()),
    datasets.allVersions(client(), "bearings"),
    groups.all(client()),
    runs.all(client()),
    transformations.all(client()),
  ];
  for (const list of lists) expect(await Array.fromAsync<unknown>(list)).toEqual([1, 2]);
});

it("a wait for a transformation asks until it has ended, through a restart", async () => {
  const { client, received } = await standIn((_, index) =>
    index === 1
      ? problem(503, "unavailable")
      : { json: { transformation_id: "trn_1", ended_at: index < 2 ? null : "2026-11-21" } },
  );
  const seen: unknown[] = [];
  const begun = await transformations.get(client(), "trn_1");
  const ended = await transformations.wait(client(), begun, {
    onProgress: ({ ended_at }) => void seen.push(ended_at),
  });
  expect(ended.ended_at).toBe("2026-11-21");
  expect(seen).toEqual([null, "2026-11-21"]);
  expect(received).toHaveLength(3);
});
