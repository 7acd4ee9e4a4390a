import { expect, it } from "vitest";
import { problem, standIn } from "../sdk/stand-in.ts";
import { runCli } from "./run-cli.ts";

const AT = "2026-11-21T09:30:00.000Z";
const MEMBER = { user_id: "usr_2", name: "Grace", added_at: AT };
const GROUP = { id: "grp_1", name: "rig", owner_id: "usr_1", created_at: AT, members: [MEMBER] };

async function ran(args: string[], json: unknown = GROUP) {
  const { url, received } = await standIn(() => ({ json }));
  const asked = () => received.map(({ method, path }) => `${method} ${path}`);
  return { ...(await runCli(["groups", ...args], { url })), received, asked: asked() };
}

it("makes a group, and says how somebody comes in", async () => {
  const { stdout, stderr, received } = await ran(["create", "rig"]);
  expect(received.map(({ body }) => body)).toEqual(['{"name":"rig"}']);
  expect(stdout).toBe("grp_1\n");
  expect(stderr).toContain("linnet groups add rig");
});

it("shows who is in a group, and lists groups", async () => {
  expect((await ran(["show", "rig"])).stdout).toMatch(/owner +usr_1\n[^]*usr_2 +Grace +2026/);
  const list = await ran(["list", "--search", "ri"], { items: [GROUP], next_cursor: null });
  expect(list.received[0]?.query).toEqual({ limit: "50", search: "ri" });
  expect(list.stdout).toMatch(/rig +usr_1 +2026-11-21 09:30:00 +grp_1/);
});

it("adds and takes out users", async () => {
  const added = await ran(["add", "rig", "usr_2"], MEMBER);
  expect(added.stdout).toBe("Grace (usr_2) is in rig\n");
  const removed = await ran(["remove", "rig", "usr_2"]);
  expect([...added.asked, ...removed.asked]).toEqual([
    "PUT /v1/groups/rig/members/usr_2",
    "DELETE /v1/groups/rig/members/usr_2",
  ]);
});

it("deletes a group when it is sure, and says whose it is", async () => {
  expect((await ran(["delete", "rig"])).asked).toEqual([]);
  expect((await ran(["delete", "rig", "--yes"])).stdout).toBe("Deleted rig\n");
  const { url } = await standIn(() => problem(403, "group_not_owned"));
  const refused = await runCli(["groups", "delete", "rig", "--yes"], { url });
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain("`linnet groups show <group>`");
});
