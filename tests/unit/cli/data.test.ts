import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Answer, problem, type Received, standIn } from "../sdk/stand-in.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

const AT = "2026-11-21T09:30:00.000Z";
const DATASET = {
  dataset_id: "dat_1",
  owner_id: "usr_1",
  name: "bearings",
  description: "of a test rig",
  format: "parquet",
  compatibility: "backward",
  access_groups: [{ group: "grp_1", role: "read" }],
  retention: { keep_last: 20, keep_days: 90 },
  archived_at: null,
  head: { version_id: "dsv_3", version_number: 3, row_count: 12_000, size_bytes: 2_400_000 },
  versions: 3,
  stored_bytes: 3_000_000,
  created_at: AT,
  updated_at: AT,
};
const VERSION = {
  version_id: "dsv_3",
  dataset_id: "dat_1",
  dataset: "bearings",
  version_number: 3,
  manifest_sha256: "m",
  content_hash: "c0ffee",
  schema_hash: "s",
  row_count: 12_000,
  size_bytes: 2_400_000,
  chunks: 30,
  new_bytes: 200_000,
  parent_version_ids: ["dsv_2"],
  transformation: { transformation_type: "filter" },
  message: "without the run-in",
  tags: ["training"],
  pinned: true,
  is_head: true,
  created_at: AT,
  created_by: "key_1",
  schema: {
    fields: [
      { name: "rpm", type: "float64", nullable: true, unit: "1/min" },
      { name: "x", type: "float32", nullable: false, shape: [null], sampling_rate_hz: 20_000 },
    ],
  },
  warnings: [],
  used_by: ["run_1"],
};
const page = (...items: unknown[]) => ({ items, next_cursor: null });

/** Runs one command against a platform that gives this answer to everything. */
async function ran(args: string[], answer: ((request: Received) => Answer) | object) {
  const { url, received } = await standIn(
    typeof answer === "function"
      ? (answer as (request: Received) => Answer)
      : () => ({ json: answer }),
  );
  const cwd = await temporaryFolder();
  return { ...(await runCli(args, { url, cwd })), received, cwd };
}
const askedOf = ({ method, path, query, body }: Received) => ({
  asked: `${method} ${path}`,
  ...(Object.keys(query).length > 0 && { query }),
  ...(body !== "" && { body: JSON.parse(body) as unknown }),
});

describe("a dataset", () => {
  it("is made with what is said of it alone", async () => {
    const given = ["--format", "parquet", "--compatibility", "full", "--keep-last", "20"];
    const { code, received, stdout } = await ran(["data", "create", "bearings", ...given], DATASET);
    expect(code).toBe(0);
    expect(received.map(askedOf)).toEqual([
      {
        asked: "POST /v1/datasets",
        body: {
          name: "bearings",
          format: "parquet",
          compatibility: "full",
          retention: { keep_last: 20 },
        },
      },
    ]);
    expect(stdout).toMatch(/retention +the last 20 versions and those of 90 d\n/);
  });

  it("is shown, and listed with what its head has", async () => {
    const { stdout } = await ran(["data", "show", "bearings"], DATASET);
    expect(stdout).toMatch(/head +3, 12,000 rows, 2\.4 MB \(dsv_3\)\n/);
    expect(stdout).toMatch(/shared with +grp_1 \(read\)\n/);
    const flags = ["--search", "bear", "--shared", "--archived"];
    const list = await ran(["data", "list", ...flags], page(DATASET));
    expect(list.stdout).toMatch(/bearings +parquet +3 +12,000 +2\.4 MB/);
    expect(list.received.map(askedOf)).toEqual([
      {
        asked: "GET /v1/datasets",
        query: { limit: "50", search: "bear", shared: "true", archived: "true" },
      },
    ]);
    const none = await ran(["data", "list"], page());
    expect(none.stderr).toContain("`linnet data push <file> --dataset <name>`");
  });

  it("is shared with one group, and no longer, whoever else it is shared with", async () => {
    const askedBy = async (...flags: string[]) => {
      const { received } = await ran(["data", "share", "bearings", "rig", ...flags], DATASET);
      return received.map(askedOf);
    };
    const path = "/v1/datasets/bearings/access/rig";
    expect(await askedBy()).toEqual([{ asked: `PUT ${path}`, body: { role: "read" } }]);
    expect(await askedBy("--write")).toEqual([{ asked: `PUT ${path}`, body: { role: "write" } }]);
    expect(await askedBy("--stop")).toEqual([{ asked: `DELETE ${path}` }]);
  });

  it("is changed in what is said, and in nothing else", async () => {
    const change = (...flags: string[]) => ran(["data", "change", "bearings", ...flags], DATASET);
    const { received } = await change("--keep-last", "5", "--description", "of rig b");
    expect(received.map(askedOf)).toEqual([
      {
        asked: "PATCH /v1/datasets/bearings",
        body: { description: "of rig b", retention: { keep_last: 5 } },
      },
    ]);
    const free = await change("--keep-all", "--name", "b2", "--compatibility", "none");
    expect(free.received.map(askedOf)[0]?.body).toEqual({
      name: "b2",
      compatibility: "none",
      retention: null,
    });
    for (const flags of [[], ["--keep-all", "--keep-last", "5"]]) {
      const refused = await change(...flags);
      expect(refused).toMatchObject({ code: 2, received: [] });
    }
  });

  it("that is not listed may be there under another filter", async () => {
    const told = async (...flags: string[]) =>
      (await ran(["data", "list", ...flags], page())).stderr;
    expect(await told("--shared")).toContain("of others that your groups may see");
    expect(await told("--search", "x")).toContain("without a filter");
  });

  it.each([["archive"], ["restore"]])("may be %sd", async (name) => {
    const { received } = await ran(["data", name, "bearings"], DATASET);
    expect(received.map(askedOf)).toEqual([{ asked: `POST /v1/datasets/bearings/${name}` }]);
  });
});

describe("deleting", () => {
  const removal = { dry_run: true, versions: ["dsv_1", "dsv_2"], bytes: 5_000_000 };

  it("says first what would go, and asks before it does", async () => {
    const dry = await ran(["data", "delete", "bearings", "--dry-run"], removal);
    expect(dry.stdout).toBe("Would delete 2 versions, 5.0 MB\n");
    expect(dry.received[0]).toMatchObject({ method: "DELETE", query: { dry_run: "true" } });
    const unsure = await ran(["data", "delete", "bearings"], removal);
    expect(unsure).toMatchObject({ code: 2, received: [] });
    const sure = await ran(["data", "delete", "bearings@3", "--yes"], {
      ...removal,
      dry_run: false,
    });
    expect(sure.received.map(askedOf)).toEqual([
      { asked: "DELETE /v1/datasets/bearings/versions/3" },
    ]);
    expect(sure.stdout).toMatch(/^Deleted 2 versions/);
  });

  it("says who keeps it from that", async () => {
    const refused = await ran(["data", "delete", "bearings@3", "--yes"], () =>
      problem(409, "dataset_version_in_use"),
    );
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("`linnet data version <dataset@version>`");
  });

  it("of what retention does not keep tells why the rest stays", async () => {
    const collected = {
      dry_run: true,
      versions: [{ version_id: "dsv_1", version_number: 1, size_bytes: 9 }],
      kept: [{ version_id: "dsv_2", version_number: 2, reasons: ["pinned", "run_1"] }],
      chunks: 40,
      bytes: 3_000_000,
    };
    const { stdout, received } = await ran(["data", "gc", "bearings", "--dry-run"], collected);
    expect(received.map(askedOf)).toEqual([
      { asked: "POST /v1/datasets/bearings/collect", body: { dry_run: true } },
    ]);
    expect(stdout).toContain("Would delete 1 version: 40 chunks, 3.0 MB");
    expect(stdout).toMatch(/2 +dsv_2 +pinned, run_1\n +1 +dsv_1 +would go/);
    expect((await ran(["data", "gc", "bearings"], collected)).code).toBe(2);
  });
});

describe("a version", () => {
  it("stands in the log with what marks it", async () => {
    const { stdout } = await ran(["data", "log", "bearings"], page(VERSION));
    expect(stdout).toMatch(
      /3 +2026-11-21 09:30:00 +12,000 +2\.4 MB +200\.0 kB +head, pinned, training, filter +without the run-in +dsv_3/,
    );
  });

  it.each([
    [["data", "version", "bearings@3"], "/v1/datasets/bearings/versions/3", {}],
    [["data", "version", "dat_1@dsv_3"], "/v1/datasets/dat_1/versions/dsv_3", {}],
    [
      ["data", "version", "bearings", "--as-of", "2026-11-21"],
      "/v1/datasets/bearings/versions/head",
      { as_of: "2026-11-21T00:00:00.000Z" },
    ],
    [
      ["data", "as-of", "bearings", "2026-11-21T10:30:00+01:00"],
      "/v1/datasets/bearings/versions/head",
      { as_of: AT },
    ],
  ])("is shown by %j", async (args, path, query) => {
    const { stdout, received } = await ran(args, VERSION);
    expect(received).toMatchObject([{ method: "GET", path, query }]);
    expect(stdout).toMatch(/size +2\.4 MB in 30 chunks\n/);
    expect(stdout).toMatch(/used by +run_1\n/);
    expect(stdout).toMatch(/x +float32\[\?\] +none +20000/);
  });

  it.each([["@3"], ["bearings@"], ["a@b@c"]])("is not named by '%s'", async (ref) => {
    expect(await ran(["data", "version", ref], VERSION)).toMatchObject({ code: 2, received: [] });
  });

  it("gets a tag, loses it, and is pinned", async () => {
    const tagged = await ran(["data", "tag", "bearings@3", "raw"], VERSION);
    expect(tagged.received.map(askedOf)).toEqual([
      { asked: "PUT /v1/datasets/bearings/tags/raw", body: { version: "3" } },
    ]);
    expect(tagged.stdout).toBe("raw is bearings@3\n");
    const untagged = await ran(["data", "untag", "bearings", "raw"], () => ({ status: 204 }));
    expect(untagged.stdout).toBe("Deleted the tag raw\n");
    const tags = page({ tag: "raw", version_number: 3, updated_at: AT });
    expect((await ran(["data", "tags", "bearings"], tags)).stdout).toMatch(/raw +3 +2026/);
    expect(await ran(["data", "tags", "bearings"], page())).toMatchObject({
      stdout: "",
      stderr: "no tags\n",
    });
    const pinned = await ran(["data", "pin", "bearings@3"], VERSION);
    expect(pinned.stdout).toBe("bearings@3 is pinned\n");
    const stop = ["data", "pin", "bearings@3", "--stop"];
    const loose = await ran(stop, { ...VERSION, pinned: false });
    expect(loose.received[0]?.method).toBe("DELETE");
    expect(loose.stdout).toBe("bearings@3 is not pinned\n");
  });

  it("is given away as a link for as long as is said", async () => {
    const link = { url: "https://linnet.test/v1/downloads/abc", expires_at: AT };
    const given = ["data", "link", "bearings@3", "--expires", "7d", "--format", "csv"];
    const { stdout, stderr, received } = await ran(given, link);
    expect(received[0]).toMatchObject({ path: "/v1/datasets/bearings/versions/3/links" });
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({ expires_in_s: 604_800, format: "csv" });
    expect(stdout).toBe(`${link.url}\n`);
    expect(stderr).toContain("good for 7 d");
  });
});

it("data diff tells of columns, values and rows", async () => {
  const { stdout, received } = await ran(["data", "diff", "bearings", "2", "3", "--key", "id"], {
    from: { ...VERSION, version_number: 2, version_id: "dsv_2", size_bytes: 2_000_000 },
    to: VERSION,
    shared_bytes: 2_100_000,
    changed_bytes: 300_000,
    schema_changes: [
      { change: "added", column: "load", position: 2, type: "float64", nullable: true },
      { change: "removed", column: "old", position: 3, type: "int8", nullable: true },
      { change: "unit", column: "rpm", before: null, after: "1/min" },
    ],
    columns: {
      added: ["load"],
      removed: ["old"],
      columns: [
        {
          column: "rpm",
          nulls: { before: 0, after: 0.25 },
          mean: { before: 1_000, after: 1_500 },
          standardised_mean_change: 2.5,
          distinct: null,
          categories: null,
          population_stability_index: 0.31,
          kolmogorov_smirnov: null,
        },
        {
          column: "still",
          nulls: { before: 0, after: 0 },
          mean: null,
          standardised_mean_change: null,
          distinct: null,
          categories: null,
          population_stability_index: 0.01,
          kolmogorov_smirnov: null,
        },
      ],
    },
    columns_compared: ["id", "rpm"],
    key: ["id"],
    row_counts: { before: 11_000, after: 12_000 },
    added: 1_500,
    removed: 500,
    changed: 7,
    changed_by_column: [{ column: "rpm", rows: 7 }],
    samples: {
      added: [{ row: 3, values: { id: 9, rpm: 1 } }],
      removed: [],
      changed: [
        {
          before: { row: 1, values: { id: 1, rpm: 2 } },
          after: { row: 1, values: { id: 1, rpm: 3 } },
          columns: ["rpm"],
        },
      ],
    },
    truncated: true,
    bytes_compared: 600_000,
    whole: false,
  });
  expect(received[0]?.query).toEqual({ from: "2", to: "3", key: "id", samples: "5" });
  for (const line of [
    /bytes +2\.1 MB shared, 300\.0 kB not/,
    /note +not all was compared/,
    /\+ load float64/,
    /- old int8/,
    /~ rpm, unit: none to 1\/min/,
    /rpm +0\.31 +1000 to 1500 +\+2\.5 +0 to 0\.25/,
    /\+ 1,500 rows\n- 500 rows\n~ 7 rows \(rpm 7\)/,
    /samples\n +id +rpm\n\+ +9 +1\n/,
    /samples of changes\nid +column +from +to\n1 +rpm +2 +3\n/,
  ])
    expect(stdout).toMatch(line);
  expect(stdout).not.toContain("still");
});

it.each([
  [["bearings", "2", "3"], { from: "2", to: "3" }],
  [["bearings@2", "bearings@raw"], { from: "2", to: "raw" }],
  [["bearings@2", "3"], { from: "2", to: "3" }],
  [["bearings", "bearings@2"], { from: "2" }],
  [["bearings@raw"], { from: "raw" }],
])("data diff %j compares %j", async (args, query) => {
  const { received } = await ran(["data", "diff", ...args], { code: "column_unknown" });
  expect(received[0]).toMatchObject({ path: "/v1/datasets/bearings/compare", query });
});

it.each([
  [["bearings@2", "gears@3"], "two versions of one dataset"],
  [["bearings@1", "2", "3"], "expected two versions, found 3"],
  [["bearings"], "expected one or two versions"],
])("data diff %j is not asked", async (args, says) => {
  const { code, stderr, received } = await ran(["data", "diff", ...args], {});
  expect({ code, received }).toEqual({ code: 2, received: [] });
  expect(stderr).toContain(says);
});

describe("what is in a version", () => {
  it("is short where it is a tensor, and said where it is nothing", async () => {
    const rows = [{ wave: { dims: [2, 512], values: [0.345_584_1, -1.5, 2, 3, 4] } }];
    const view = { fields: [], from: 0, rows, cut: [], row_count: 1, next_from: null };
    const { stdout } = await ran(["data", "preview", "bearings"], view);
    expect(stdout).toBe("wave\n[2, 512]  0.3456, -1.5, 2, 3, …\n");
    const none = await ran(["data", "preview", "bearings"], { ...view, rows: [], row_count: 0 });
    expect(none).toMatchObject({ code: 0, stderr: "no rows\n" });
  });

  it("is shown row by row, and says that there is more", async () => {
    const rows = [
      { id: 1, name: "inner", wave: [1, 2] },
      { id: 22, name: null, wave: [3, 4] },
    ];
    const view = { fields: [], from: 0, rows, cut: [], row_count: 100, next_from: 2 };
    const asked = ["data", "preview", "bearings@3", "--rows", "2", "--columns", "id,name,wave"];
    const { stdout, stderr, received } = await ran(asked, view);
    expect(received[0]).toMatchObject({
      path: "/v1/datasets/bearings/versions/3/rows",
      query: { from: "0", limit: "2", columns: "id,name,wave" },
    });
    expect(stdout).toBe("id  name   wave\n 1  inner  [1,2]\n22         [3,4]\n");
    expect(stderr).toContain("--from 2");
  });

  it("is shown class by class", async () => {
    const classes = [
      { value: "inner", count: 900, rows: [{ row: 4, values: { id: 1 } }] },
      { value: null, count: 2, rows: [{ row: 9, values: { id: 5 } }] },
    ];
    const { stdout, received } = await ran(
      ["data", "preview", "bearings", "--by", "fault", "--rows", "1"],
      { column: "fault", classes, rows_read: 1_000, complete: false },
    );
    expect(received[0]).toMatchObject({
      path: "/v1/datasets/bearings/versions/head/preview",
      query: { by: "fault", per_class: "1" },
    });
    expect(stdout).toBe(
      "inner  900 rows\nid\n 1\n\nno value  2 rows\nid\n 5\n\nof the first 1,000 rows\n",
    );
  });

  it("is summed up column by column, and drawn", async () => {
    const histogram = [0, 7, 3].map((count, from) => ({ from, to: from + 1, count }));
    const view = {
      version_id: "dsv_3",
      row_count: 10,
      size_bytes: 1_000,
      warnings: ["column 'x' is constant"],
      columns: [
        {
          name: "rpm",
          count: 10,
          nulls: 1,
          min: 0,
          max: 3,
          mean: 1.234567,
          standard_deviation: 0.5,
          distinct: 5_000,
          distinct_is_exact: false,
          histogram,
        },
        { name: "fault", count: 10, nulls: 0, top: [{ value: "inner", count: 9 }] },
      ],
    };
    const { stdout, cwd } = await ran(
      ["data", "stats", "bearings@3", "--svg", "s.svg"],
      (request) => (request.headers.accept?.includes("svg") ? { text: "<svg/>" } : { json: view }),
    );
    expect(stdout).toMatch(/rpm +10\.00 % +~5,000 +0 +1\.235 +3 +0\.5 +▁█▄/);
    expect(stdout).toMatch(/fault .*inner/);
    expect(stdout).toMatch(/warning +column 'x' is constant/);
    expect(await readFile(join(cwd, "s.svg"), "utf8")).toBe("<svg/>");
  });

  it("is shown as a signal of one row", async () => {
    const view = {
      column: "x",
      row: 7,
      from: 0,
      to: 4,
      length: 20_000,
      sampling_rate_hz: 10_000,
      dims: [4],
      index: [0, 1, 2, 3, 4],
      values: [-1, 0, null, 1, 0],
    };
    const asked = [
      "data",
      "signal",
      "bearings@3",
      "--row",
      "7",
      "--channel",
      "1",
      "--points",
      "100",
    ];
    const { stdout, received } = await ran(asked, view);
    expect(received[0]?.query).toEqual({ row: "7", channel: "1", points: "100" });
    expect(stdout).toMatch(/time +0 s to 0\.0004 s of 2 s\n/);
    expect(stdout).toMatch(/range +-1 to 1\n\n▁▅█▅\n$/);
  });
});

describe("transformations", () => {
  const state = {
    transformation_id: "trn_1",
    transformation_type: "filter",
    status: "running",
    source_version_ids: ["dsv_3"],
    parameters: { where: "rpm > 1000" },
    code_hash: null,
    attempts: 1,
    rows_read: 12_000,
    rows_written: 400,
    versions: [],
    problem: null,
    created_at: AT,
    created_by: "key_1",
    updated_at: AT,
    ended_at: null,
  };
  const made = {
    output: null,
    dataset_id: "dat_1",
    version_id: "dsv_4",
    version_number: 4,
    content_hash: "c",
    row_count: 400,
    created: true,
    matches: null,
    warnings: ["no row came out"],
  };
  const done = { ...state, status: "succeeded", versions: [made], ended_at: AT };

  it("are begun, waited for, and say what they made", async () => {
    const { stdout, code, received } = await ran(
      [
        "data",
        "transform",
        "bearings",
        "filter",
        "--params",
        '{"where":"rpm > 1000"}',
        "--tag",
        "t",
      ],
      ({ method }) => (method === "POST" ? { status: 202, json: state } : { json: done }),
    );
    expect(code).toBe(0);
    expect(received.map(askedOf)).toEqual([
      {
        asked: "POST /v1/datasets/bearings/transformations",
        body: {
          transformation_type: "filter",
          source_versions: [{ dataset: "bearings", version: "head" }],
          parameters: { where: "rpm > 1000" },
          tags: ["t"],
          wait: true,
        },
      },
      { asked: "GET /v1/transformations/trn_1" },
    ]);
    expect(stdout).toMatch(/status +succeeded\n/);
    expect(stdout).toMatch(/4 +400 +yes +dsv_4 +dat_1\n\nwarning: no row came out\n/);
  });

  it("are not waited for where that is said, and take several sources and outputs", async () => {
    const given = ["--source", "a@1", "--source", "b", "--output", "train=c", "--output", "test"];
    const { received } = await ran(
      ["data", "transform", "bearings", "join", ...given, "--params-of", "dsv_9", "--no-wait"],
      state,
    );
    expect(received.map(askedOf)).toMatchObject([
      {
        body: {
          source_versions: [
            { dataset: "a", version: "1" },
            { dataset: "b", version: "head" },
          ],
          parameters_of: "dsv_9",
          outputs: [
            { output: "train", dataset: "c", tags: [] },
            { output: "test", tags: [] },
          ],
          wait: false,
        },
      },
    ]);
    expect(received).toHaveLength(1);
  });

  it("that fail are a failure of the command", async () => {
    const detail = "column 'rmp' is not there; it has rpm";
    const failed = {
      ...done,
      status: "failed",
      versions: [],
      problem: { code: "column_unknown", status: 400, detail, title: "", type: "", instance: "" },
    };
    const { code, stderr } = await ran(["data", "transform", "bearings", "filter"], failed);
    expect(code).toBe(1);
    expect(stderr).toContain(`error: ${detail} (column_unknown)`);
    const unknown = await ran(["data", "transform", "bearings", "shuffle"], failed);
    expect(unknown).toMatchObject({ code: 2, received: [] });
  });

  it("are done again to other data", async () => {
    const { stdout, received } = await ran(
      ["data", "replay", "clean@2", "--source", "bearings@3", "--with", "bearings", "--refit"],
      { transformations: [done, done] },
    );
    expect(received.map(askedOf)).toEqual([
      {
        asked: "POST /v1/datasets/clean/replay",
        body: {
          target_version: "2",
          source_version: { dataset: "bearings", version: "3" },
          new_source_version: { dataset: "bearings", version: "head" },
          refit: true,
          wait: true,
        },
      },
    ]);
    expect(stdout.match(/succeeded/g)).toHaveLength(2);
  });

  it.each([
    ["yes, byte for byte", true, 0],
    ["no", false, 1],
  ])("are checked: %s", async (answer, matches, exit) => {
    const checked = { ...done, versions: [{ ...made, matches }] };
    const found = {
      version_id: "dsv_4",
      reproducible: null,
      roots: ["dsv_1"],
      steps: [{ transformation_id: "trn_1", transformation_type: "filter", versions: ["dsv_4"] }],
      missing: [],
      checks: [state],
    };
    const { code, stdout } = await ran(["data", "check", "bearings@4"], ({ method }) =>
      method === "POST" ? { json: found } : { json: checked },
    );
    expect(code).toBe(exit);
    expect(stdout).toMatch(new RegExp(`reproducible +${answer}\n`));
    expect(stdout.includes("made other bytes")).toBe(!matches);
  });

  it("that cannot be carried out again say in words what is missing", async () => {
    const { code, stdout } = await ran(["data", "check", "bearings@4"], {
      version_id: "dsv_4",
      reproducible: false,
      roots: [],
      steps: [],
      missing: [
        { code: "source_missing", version_id: "dsv_1" },
        { code: "code_changed", transformation_id: "trn_1", recorded: "a", now: "b" },
        { code: "of_a_newer_platform", version_id: "dsv_2" },
      ],
      checks: [],
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/reproducible +no\n/);
    expect(stdout.split("\n\n").at(-1)).toBe(
      [
        "dsv_1 is deleted, or not yours to read (source_missing)",
        "trn_1 would give other rows: the engine has changed (code_changed)",
        '{"code":"of_a_newer_platform","version_id":"dsv_2"}',
        "",
      ].join("\n"),
    );
  });

  it("are listed", async () => {
    const { stdout, received } = await ran(
      ["data", "transformations", "--dataset", "bearings"],
      page({ ...state, dataset_id: "dat_1" }),
    );
    expect(received[0]?.query).toMatchObject({ dataset: "bearings" });
    expect(stdout).toMatch(/trn_1 +filter +running +dat_1/);
  });
});
