import type { CallOptions, Linnet } from "./client.ts";
import { path } from "./path.ts";
import type { AssignmentView, Attributes, ExplainedAssignment } from "./wire.ts";

export type UnitQuery = {
  /** A `user_id`, or the `request_id` of a request without one. */
  unit: string;
  /** What targeting looks at. */
  attributes?: Attributes | undefined;
};

const queryOf = ({ unit, attributes }: UnitQuery) => ({
  unit,
  attributes: attributes && JSON.stringify(attributes),
});

/** Which variant a unit has. It enrols nobody, counts nothing and spends no budget. */
export const assignment = (
  client: Linnet,
  id: string,
  query: UnitQuery,
  options?: CallOptions,
): Promise<AssignmentView> =>
  client.call(
    {
      method: "GET",
      path: path`/v1/experiments/${id}/assignment`,
      query: queryOf(query),
      repeatable: true,
    },
    options,
  );

/** Why a unit has its variant: its position, and the interval that it falls into. */
export const explain = (
  client: Linnet,
  id: string,
  query: UnitQuery,
  options?: CallOptions,
): Promise<ExplainedAssignment> =>
  client.call(
    {
      method: "GET",
      path: path`/v1/experiments/${id}/explain`,
      query: queryOf(query),
      repeatable: true,
    },
    options,
  );
