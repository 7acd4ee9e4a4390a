import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Page } from "../../../contract/common.ts";
import type { GroupMember, GroupSummary, GroupView } from "../../../contract/group.ts";
import { openDirectory } from "../../../database/directory.ts";
import { groupsOf } from "../../../database/groups.ts";
import { newId } from "../../../workers/api/http/ids.ts";
import { call, newKey, newUser, refused, succeeds } from "../support/platform.ts";

const directory = openDirectory(env.DB);
/** Names are unique on the platform, and other files may have groups. */
const newName = () => `group-${newId("grp").slice(-12)}`;
const create = (key: string, name = newName()) =>
  succeeds<GroupSummary>(201, "POST /v1/groups", { key, json: { name } });
const read = (key: string, group: string) =>
  succeeds<GroupView>(200, `GET /v1/groups/${group}`, { key });
const membersOf = async (key: string, group: string) =>
  (await read(key, group)).members.map(({ user_id }) => user_id);
const add = (key: string, group: string, user: string) =>
  succeeds<GroupMember>(200, `PUT /v1/groups/${group}/members/${user}`, { key });

let owner = { key: "", owner_id: "" };
let member = { key: "", owner_id: "" };
let stranger = { key: "", owner_id: "" };
let admin = "";
beforeAll(async () => {
  owner = await newKey();
  member = await newKey({ owner_id: await newUser("Grace") });
  stranger = await newKey();
  ({ key: admin } = await newKey({ scopes: ["admin"] }));
});

describe("a group", () => {
  it("is created with its owner as first member, and read by its id or name", async () => {
    const name = newName();
    const made = await create(owner.key, name);
    expect(made).toMatchObject({ name, owner_id: owner.owner_id });
    const group = await read(owner.key, made.id);
    expect(group).toEqual({
      ...made,
      members: [{ user_id: owner.owner_id, name: "somebody", added_at: made.created_at }],
    });
    expect(await read(owner.key, name)).toEqual(group);
  });

  it("has a name that no other group of the platform has, whoever asks first", async () => {
    const name = newName();
    const asked = await Promise.all(
      [owner, member, stranger].map(({ key }) => call("POST /v1/groups", { key, json: { name } })),
    );
    expect(asked.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
    const sent = { key: stranger.key, json: { name } };
    await refused("group_name_taken", "POST /v1/groups", sent);
    const first = asked.findIndex(({ status }) => status === 201);
    const { key, owner_id } = [owner, member, stranger][first] ?? owner;
    // Those who were refused have become members of nothing.
    expect(await membersOf(key, name)).toEqual([owner_id]);
  });

  it.each(["", "Cardiology", "a b", "-a", "x".repeat(65), "grp_a", newId("grp"), 1, null])(
    "is not made with the name %j",
    async (name) => {
      await refused("invalid_request", "POST /v1/groups", { key: owner.key, json: { name } });
    },
  );

  it("is seen by its members, and is as missing for others as one that is not", async () => {
    const { id, name } = await create(owner.key);
    const hidden = async (group: string) =>
      refused("group_not_found", `GET /v1/groups/${group}`, { key: member.key });
    for (const group of [id, name]) await hidden(group);
    const { body } = await hidden(newId("grp"));
    expect(body.detail.replace(/grp_\w+/, id)).toBe((await hidden(id)).body.detail);

    await add(owner.key, id, member.owner_id);
    expect(await read(member.key, name)).toEqual(await read(owner.key, id));
  });

  it("is changed by nobody but its owner and administrators", async () => {
    const { id } = await create(owner.key);
    await add(owner.key, id, member.owner_id);
    const theirs = { key: member.key };
    for (const operation of [
      `DELETE /v1/groups/${id}`,
      `PUT /v1/groups/${id}/members/${stranger.owner_id}`,
      `DELETE /v1/groups/${id}/members/${owner.owner_id}`,
    ]) {
      await refused("group_not_owned", operation, theirs);
      await refused("group_not_found", operation, { key: stranger.key });
    }
    expect(await membersOf(owner.key, id)).toEqual([owner.owner_id, member.owner_id].toSorted());

    await add(admin, id, stranger.owner_id);
    expect(await membersOf(admin, id)).toContain(stranger.owner_id);
    await succeeds(204, `DELETE /v1/groups/${id}`, { key: admin });
    await refused("group_not_found", `GET /v1/groups/${id}`, { key: owner.key });
  });

  it("needs a key with the scope of datasets", async () => {
    const { key } = await newKey({ owner_id: owner.owner_id, scopes: ["datasets:read"] });
    const { id } = await create(owner.key);
    await read(key, id);
    for (const operation of ["POST /v1/groups", `DELETE /v1/groups/${id}`])
      await refused("scope_missing", operation, { key, json: { name: newName() } });
  });

  it("leaves its name behind when it is deleted, and nothing that was shared with it", async () => {
    const { id, name } = await create(owner.key);
    await add(owner.key, id, member.owner_id);
    await succeeds(204, `DELETE /v1/groups/${name}`, { key: owner.key });
    await refused("group_not_found", `DELETE /v1/groups/${name}`, { key: owner.key });
    expect(await groupsOf(directory, member.owner_id)).not.toContain(id);
    const second = await create(stranger.key, name);
    expect(second.id).not.toBe(id);
    await refused("group_not_found", `GET /v1/groups/${name}`, { key: member.key });
  });
});

describe("a member", () => {
  it("is added once, however often it is asked for", async () => {
    const { id } = await create(owner.key);
    const asked = await Promise.all([1, 2, 3].map(() => add(owner.key, id, member.owner_id)));
    expect(asked[0]).toMatchObject({ user_id: member.owner_id, name: "Grace" });
    expect(await add(owner.key, id, member.owner_id)).toEqual(asked[0]);
    expect(await membersOf(owner.key, id)).toHaveLength(2);
  });

  it("is a user of the platform", async () => {
    const { id } = await create(owner.key);
    const sent = { key: owner.key };
    await refused("user_not_found", `PUT /v1/groups/${id}/members/${newId("usr")}`, sent);
    await refused("invalid_request", `PUT /v1/groups/${id}/members/somebody`, sent);
    expect(await membersOf(owner.key, id)).toEqual([owner.owner_id]);
  });

  it("is taken out by the owner, or takes out itself", async () => {
    const { id } = await create(owner.key);
    for (const { key } of [owner, member]) {
      await add(owner.key, id, member.owner_id);
      await succeeds(204, `DELETE /v1/groups/${id}/members/${member.owner_id}`, { key });
      await refused("group_not_found", `GET /v1/groups/${id}`, { key: member.key });
    }
    const gone = `DELETE /v1/groups/${id}/members/${member.owner_id}`;
    await refused("group_member_not_found", gone, { key: owner.key });
  });

  it("may be the owner or not: the group stays the owner's", async () => {
    const { id } = await create(owner.key);
    const self = `/v1/groups/${id}/members/${owner.owner_id}`;
    await succeeds(204, `DELETE ${self}`, { key: owner.key });
    expect(await membersOf(owner.key, id)).toEqual([]);
    expect(await groupsOf(directory, owner.owner_id)).not.toContain(id);
    await succeeds(200, `PUT ${self}`, { key: owner.key });
    expect(await groupsOf(directory, owner.owner_id)).toContain(id);
  });

  it("is refused by a group of a thousand, two at once too", async () => {
    const { id } = await create(owner.key);
    const ids = `usr_${id.slice(4, 24)}`;
    const rows = (sql: string) => env.DB.prepare(sql).bind(ids);
    // 998 more than the owner.
    await env.DB.batch([
      rows(
        `INSERT INTO user WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 998)
         SELECT ? || printf('%06d', i), 'one of many', 0 FROM n`,
      ),
      rows(`INSERT INTO group_member SELECT '${id}', id, 0 FROM user WHERE id GLOB ? || '*'`),
    ]);
    const asked = await Promise.all(
      [member, stranger].map(({ owner_id }) =>
        call<{ code?: string }>(`PUT /v1/groups/${id}/members/${owner_id}`, { key: owner.key }),
      ),
    );
    expect(asked.map(({ body }) => body.code).toSorted()).toEqual(["group_full", undefined]);
    expect(await membersOf(owner.key, id)).toHaveLength(1_000);
    // Who is in it already stays so.
    await add(owner.key, id, owner.owner_id);
    await succeeds(204, `DELETE /v1/groups/${id}`, { key: owner.key });
    await rows("DELETE FROM user WHERE id GLOB ? || '*'").run();
  });
});

describe("the groups of a user", () => {
  it("are those that it owns or is in, newest first, page by page and by part of the name", async () => {
    const user = await newKey();
    const prefix = newName().slice(0, -2);
    const mine = [await create(user.key, `${prefix}-a`), await create(user.key, `${prefix}-b`)];
    const theirs = await create(stranger.key, `${prefix}-c`);
    await create(stranger.key, `${prefix}-d`);
    await add(stranger.key, theirs.id, user.owner_id);
    // Owned, though not a member of it.
    const first = mine[0]?.id ?? "";
    const own = `/v1/groups/${first}/members/${user.owner_id}`;
    await succeeds(204, `DELETE ${own}`, { key: user.key });

    const seen: GroupSummary[] = [];
    let cursor = "";
    do {
      const page = await succeeds<Page<GroupSummary>>(
        200,
        `GET /v1/groups?limit=2${cursor && `&cursor=${cursor}`}`,
        { key: user.key },
      );
      seen.push(...page.items);
      cursor = page.next_cursor ?? "";
    } while (cursor !== "");
    expect(seen).toEqual([theirs, ...mine.toReversed()]);
    const find = async (search: string, key = user.key) => {
      const asked = `GET /v1/groups?search=${encodeURIComponent(search)}`;
      const { items } = await succeeds<Page<GroupSummary>>(200, asked, { key });
      return items.map(({ name }) => name.slice(prefix.length));
    };
    expect(await find(`${prefix.toUpperCase()}-b`)).toEqual(["-b"]);
    expect(await find("%")).toEqual([]);
    expect(await find(prefix, admin)).toEqual(["-d", "-c", "-b", "-a"]);
  });

  it("are told to whoever decides what it may see", async () => {
    const user = await newUser();
    const groups = [await create(owner.key), await create(owner.key), await create(owner.key)];
    const [one = "", , two = ""] = groups.map(({ id }) => id);
    for (const id of [two, one]) await add(owner.key, id, user);
    expect(await groupsOf(directory, user)).toEqual([one, two]);
    expect(await groupsOf(directory, await newUser())).toEqual([]);
  });
});
