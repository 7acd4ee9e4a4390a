import type { Json } from "../datasets/table.ts";
import type { TransformationType } from "../datasets/transformations/transformation.ts";
import type { NodeKind } from "./lineage-node.ts";
import { byNode, EVERYTHING, neighboursIn, reach, type Reached, wayTo } from "./reach.ts";

export type Affected<Id> = {
  id: Id;
  /** The shortest way to it from one of the withdrawn versions, both included. */
  way: Id[];
  /** Whether there is a way on which no row can be lost, so that the withdrawn ones have come through. */
  certain: boolean;
};

/** A node as far as rows are concerned. */
export type Carrier = { kind: NodeKind; metadata: { [name: string]: Json } };

/** These make every row of their output from every row of their input. */
const CARRYING: ReadonlySet<Json | undefined> = new Set<TransformationType>([
  "map",
  "feature_engineering",
  "normalization",
  "augmentation",
]);

/**
 * Whether every row of `from` had its part in `to`: a run or a model had all of the data that it
 * names; a transformation may filter; a version that was sent to follow another may lack any row.
 */
export function carriesEveryRow(from: Carrier, to: Carrier): boolean {
  if (to.kind === "transformation" || from.kind === "transformation") {
    const { metadata } = to.kind === "transformation" ? to : from;
    return CARRYING.has(metadata["transformation_type"]);
  }
  return to.kind === "run" || to.kind === "model_version" || to.kind === "experiment";
}

/**
 * What a search downstream of what is withdrawn has met, nearest first, and whether the rows of it
 * are certain to have had their part. `carries` is asked of every link, and `isListed` of what was
 * met: ways may be long, so that each is made when its turn comes.
 */
export function* impactOf<Id>(
  withdrawn: readonly Id[],
  reached: Reached<Id>,
  carries: (from: Id, to: Id) => boolean,
  isListed: (id: Id) => boolean = () => true,
): Iterable<Affected<Id>> {
  const carrying = byNode(reached.links.filter(([from, to]) => carries(from, to)));
  const certain = reach(withdrawn, neighboursIn(carrying), EVERYTHING);
  for (const [id, { depth }] of reached.met)
    if (depth > 0 && isListed(id))
      yield { id, way: wayTo(reached, id), certain: certain.met.has(id) };
}
