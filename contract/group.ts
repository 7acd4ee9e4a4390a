import * as z from "zod";
import { id, Instant, Name, NAME_RULE, PageQuery, pageOf } from "./common.ts";

export const GroupPath = z.object({
  group: z
    .union([id("grp"), Name], {
      error: `expected the id of a group (grp_…) or its name: ${NAME_RULE}`,
    })
    .meta({ description: "Its id, or its name" }),
});
export const GroupMemberPath = GroupPath.extend({ user_id: id("usr") });

export const CreateGroup = z
  .strictObject({
    name: Name.refine((name) => !name.startsWith("grp_"), {
      error: "expected a name that does not begin as an id does, with 'grp_'",
    }).meta({ description: "No other group of the platform has it", example: "cardiology" }),
  })
  .meta({ id: "CreateGroup" });

export const GroupQuery = PageQuery.extend({
  search: z.string().max(64).optional().meta({ description: "Part of the name" }),
});

export const GroupSummary = z
  .object({ id: id("grp"), name: z.string(), owner_id: id("usr"), created_at: Instant })
  .meta({ id: "GroupSummary" });

export const GroupMember = z
  .object({ user_id: id("usr"), name: z.string(), added_at: Instant })
  .meta({ id: "GroupMember" });

export const GroupView = GroupSummary.extend({
  members: z.array(GroupMember).meta({ description: "In the order of their ids" }),
}).meta({ id: "Group" });

export const GroupPage = pageOf(GroupSummary, "Group");

export type CreateGroup = z.input<typeof CreateGroup>;
export type GroupSummary = z.infer<typeof GroupSummary>;
export type GroupMember = z.infer<typeof GroupMember>;
export type GroupView = z.infer<typeof GroupView>;
