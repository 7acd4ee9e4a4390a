import { beforeAll, describe, expect, it } from "vitest";
import type { DatasetView } from "../../../contract/dataset.ts";
import type { GroupSummary } from "../../../contract/group.ts";
import { newId } from "../../../workers/api/http/ids.ts";
import { newKey, newUser, refused, succeeds } from "../support/platform.ts";

const newName = (what: string) => `${what}-${newId("grp").slice(-12)}`;
const newGroup = (key: string) =>
  succeeds<GroupSummary>(201, "POST /v1/groups", { key, json: { name: newName("rig") } });
const newDataset = (key: string, change: object = {}) =>
  succeeds<DatasetView>(201, "POST /v1/datasets", {
    key,
    json: { name: newName("data"), format: "csv", ...change },
  });
const OCTETS = { "content-type": "application/octet-stream" };

let owner = { key: "", owner_id: "" };
let member = { key: "", owner_id: "" };
beforeAll(async () => {
  owner = await newKey();
  member = await newKey({ owner_id: await newUser("Grace") });
});

const accessOf = async (id: string) =>
  (await succeeds<DatasetView>(200, `GET /v1/datasets/${id}`, { key: owner.key })).access_groups;
const share = (id: string, group: string, role: string) =>
  succeeds<DatasetView>(200, `PUT /v1/datasets/${id}/access/${group}`, {
    key: owner.key,
    json: { role },
  });

describe("sharing a dataset", () => {
  it("opens it for a group by its name or id, in one role, until it ends", async () => {
    const { dataset_id: id } = await newDataset(owner.key);
    const group = await newGroup(owner.key);
    await succeeds(200, `PUT /v1/groups/${group.id}/members/${member.owner_id}`, {
      key: owner.key,
    });
    const write = `PUT /v1/datasets/${id}/versions`;
    const sent = { key: member.key, body: "a\n1\n", headers: OCTETS };
    await refused("dataset_not_found", write, sent);

    expect((await share(id, group.name, "read")).access_groups).toEqual([
      { group: group.id, role: "read" },
    ]);
    await refused("dataset_not_owned", write, sent);
    expect((await share(id, group.id, "write")).access_groups).toEqual([
      { group: group.id, role: "write" },
    ]);
    await succeeds(201, write, sent);

    const end = `DELETE /v1/datasets/${id}/access/${group.name}`;
    for (const asked of ["ended", "asked for again"]) {
      const { access_groups } = await succeeds<DatasetView>(200, end, { key: owner.key });
      expect(access_groups, asked).toEqual([]);
    }
    await refused("dataset_not_found", write, sent);
  });

  it("keeps what others were given at the same time", async () => {
    const { dataset_id: id } = await newDataset(owner.key);
    const groups = await Promise.all(Array.from({ length: 8 }, () => newGroup(owner.key)));
    const [ended] = groups;
    if (!ended) throw new Error("no groups");
    await share(id, ended.id, "read");
    await Promise.all([
      ...groups.slice(1).map((group) => share(id, group.name, "write")),
      succeeds(200, `DELETE /v1/datasets/${id}/access/${ended.id}`, { key: owner.key }),
    ]);
    expect(await accessOf(id)).toEqual(
      groups
        .slice(1)
        .map((group) => ({ group: group.id, role: "write" }))
        .toSorted((a, b) => (a.group < b.group ? -1 : 1)),
    );
  });

  it("is with groups of the owner's alone, and ends with one that the owner has left", async () => {
    const { dataset_id: id } = await newDataset(owner.key);
    const foreign = await newGroup(member.key);
    const sent = { key: owner.key, json: { role: "read" } };
    const told = async (group: string) => {
      const { body } = await refused(
        "group_not_found",
        `PUT /v1/datasets/${id}/access/${group}`,
        sent,
      );
      return body.detail.replace(group, "<group>");
    };
    expect(await told(foreign.name)).toBe(await told(newName("rig")));
    await refused("invalid_request", `PUT /v1/datasets/${id}/access/Rig`, sent);

    const path = `/v1/groups/${foreign.id}/members/${owner.owner_id}`;
    await succeeds(200, `PUT ${path}`, { key: member.key });
    await share(id, foreign.id, "read");
    await succeeds(204, `DELETE ${path}`, { key: owner.key });
    await succeeds(200, `DELETE /v1/datasets/${id}/access/${foreign.id}`, { key: owner.key });
    expect(await accessOf(id)).toEqual([]);
  });

  it("is the owner's to do, and nobody's who may only write", async () => {
    const { dataset_id: id } = await newDataset(owner.key);
    const group = await newGroup(owner.key);
    await succeeds(200, `PUT /v1/groups/${group.id}/members/${member.owner_id}`, {
      key: owner.key,
    });
    await share(id, group.id, "write");
    const path = `/v1/datasets/${id}/access/${group.id}`;
    const sent = { key: member.key, json: { role: "read" } };
    await refused("dataset_not_owned", `PUT ${path}`, sent);
    await refused("dataset_not_owned", `DELETE ${path}`, { key: member.key });
    expect(await accessOf(id)).toEqual([{ group: group.id, role: "write" }]);
  });

  it("has room for 50 groups, and for another role of one of them", async () => {
    const groups = await Promise.all(Array.from({ length: 51 }, () => newGroup(owner.key)));
    const [last, ...first] = groups;
    if (!last || !first[0]) throw new Error("no groups");
    const access_groups = first.map((group) => ({ group: group.id, role: "read" }));
    const { dataset_id: id } = await newDataset(owner.key, { access_groups });
    await refused("invalid_request", `PUT /v1/datasets/${id}/access/${last.id}`, {
      key: owner.key,
      json: { role: "read" },
    });
    await share(id, first[0].id, "write");
    expect(await accessOf(id)).toHaveLength(50);
    expect(await accessOf(id)).toContainEqual({ group: first[0].id, role: "write" });
  });
});
