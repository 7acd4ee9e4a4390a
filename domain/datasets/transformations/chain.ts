import { DatasetFault } from "../dataset-fault.ts";
import type { TransformationRecord } from "./transformation.ts";

/** A record whose parameters are JSON, of which RPC says no more than that it is an object. */
export type RecordedTransformation = Omit<TransformationRecord, "parameters"> & {
  parameters: object;
};

/** A version that there is, as far as its making is concerned. */
export type ChainVersion = {
  version_id: string;
  /** How it was made of others; null for one that came in as a file. */
  transformation: RecordedTransformation | null;
  parent_version_ids: readonly string[];
};

/** One carrying out of a transformation, and the versions that are wanted of it. */
export type ChainStep = {
  transformation: RecordedTransformation;
  versions: { version_id: string; output: string | null }[];
};

export type Chain = {
  /** What came in from outside, and everything else is made of. */
  roots: string[];
  /** In an order in which they can be carried out. */
  steps: ChainStep[];
  /** Versions that are needed and not there. */
  missing: string[];
  /** Versions that say what they were made of, and not how. */
  unexplained: string[];
};

/** A chain of more is no chain that anybody meant. */
export const MOST_CHAIN_VERSIONS = 10_000;

/**
 * What a version was made by, from the roots on. `find` looks a version up. Throws a DatasetFault
 * `transformation_invalid` for versions that were made of each other, and for a chain that is too long.
 */
export async function chainOf(
  version_id: string,
  find: (version_id: string) => Promise<ChainVersion | null>,
): Promise<Chain> {
  const found = await versionsAbove(version_id, find);
  const chain: Chain = { roots: [], steps: [], missing: [], unexplained: [] };
  const steps = new Map<string, ChainStep>();
  for (const id of inOrder(version_id, found)) {
    const version = found.get(id);
    if (!version) chain.missing.push(id);
    else if (version.transformation) addStep(chain, steps, version, version.transformation);
    else if (version.parent_version_ids.length > 0) chain.unexplained.push(id);
    else chain.roots.push(id);
  }
  return chain;
}

function addStep(
  { steps: ordered }: Chain,
  steps: Map<string, ChainStep>,
  { version_id }: ChainVersion,
  transformation: RecordedTransformation,
): void {
  const { transformation_id, output } = transformation;
  const known = steps.get(transformation_id);
  const step = known ?? { transformation, versions: [] };
  if (!known) ordered.push(step);
  steps.set(transformation_id, step);
  step.versions.push({ version_id, output });
}

async function versionsAbove(
  version_id: string,
  find: (version_id: string) => Promise<ChainVersion | null>,
): Promise<Map<string, ChainVersion | null>> {
  const found = new Map<string, ChainVersion | null>();
  let asked = [version_id];
  while (asked.length > 0) {
    if (found.size + asked.length > MOST_CHAIN_VERSIONS)
      throw new DatasetFault(
        "transformation_invalid",
        `the version was made of more than ${MOST_CHAIN_VERSIONS} others`,
        { field: "version" },
      );
    const next = new Set<string>();
    for (const id of asked) {
      const version = await find(id);
      found.set(id, version);
      for (const source of sourcesOf(version)) if (!found.has(source)) next.add(source);
    }
    asked = [...next].filter((id) => !found.has(id));
  }
  return found;
}

const sourcesOf = (version: ChainVersion | null | undefined): readonly string[] =>
  version?.transformation?.source_version_ids ?? version?.parent_version_ids ?? [];

/** Sources before what was made of them, in the order in which they are named. */
function inOrder(target: string, versions: ReadonlyMap<string, ChainVersion | null>): string[] {
  const ordered: string[] = [];
  const state = new Map<string, "open" | "done">();
  const path: { id: string; next: number }[] = [{ id: target, next: 0 }];
  state.set(target, "open");
  while (path.length > 0) {
    const top = path.at(-1);
    if (!top) break;
    const source = sourcesOf(versions.get(top.id))[top.next];
    top.next += 1;
    if (source === undefined) {
      ordered.push(top.id);
      state.set(top.id, "done");
      path.pop();
      continue;
    }
    if (state.get(source) === "open")
      throw new DatasetFault(
        "transformation_invalid",
        `version ${source} was made of itself: ${path.map(({ id }) => id).join(" -> ")} -> ${source}`,
        { field: "version" },
      );
    if (state.has(source)) continue;
    state.set(source, "open");
    path.push({ id: source, next: 0 });
  }
  return ordered;
}

/** Where a step of a replay takes a source from: a version that is there, or an earlier step. */
export type ReplaySource =
  { version_id: string } | { step: number; output: string | null; replaces: string };
export type ReplayStep = {
  transformation: RecordedTransformation;
  sources: ReplaySource[];
  /** The versions whose counterparts it makes. */
  versions: ChainStep["versions"];
};

/**
 * The steps of a chain that come out otherwise when versions are `replaced` by others: those that
 * were made of them, in order. All else is taken as it is. Throws a DatasetFault
 * `transformation_invalid` where such a step cannot be carried out, or none was made of them.
 */
export function replayPlan(chain: Chain, replaced: ReadonlyMap<string, string>): ReplayStep[] {
  const made = new Map<string, { step: number; output: string | null }>();
  const plan: ReplayStep[] = [];
  for (const { transformation, versions } of chain.steps) {
    const isTouched = transformation.source_version_ids.some(
      (id) => replaced.has(id) || made.has(id),
    );
    if (!isTouched) continue;
    if (!transformation.executable)
      throw new DatasetFault(
        "transformation_invalid",
        `${transformation.transformation_id} was done elsewhere, and cannot be carried out here`,
        { field: "target_version" },
      );
    // A version that is replaced itself is not made again.
    const wanted = versions.filter(({ version_id }) => !replaced.has(version_id));
    if (wanted.length === 0) continue;
    const sources = transformation.source_version_ids.map((id): ReplaySource => {
      const earlier = made.get(id);
      return earlier ? { ...earlier, replaces: id } : { version_id: replaced.get(id) ?? id };
    });
    for (const { version_id, output } of wanted)
      made.set(version_id, { step: plan.length, output });
    plan.push({ transformation, sources, versions: wanted });
  }
  if (plan.length === 0)
    throw new DatasetFault(
      "transformation_invalid",
      `${[...replaced.keys()].join(", ")}: nothing on the way to the target was made of it`,
      { field: "source_version" },
    );
  return plan;
}

export type ReproductionProblem =
  | { code: "source_missing"; version_id: string }
  | { code: "not_recorded"; version_id: string }
  | { code: "not_executable"; transformation_id: string }
  | { code: "code_changed"; transformation_id: string; recorded: string | null; now: string };

/**
 * What keeps a version from being made again: sources that are gone, steps that nobody recorded or that
 * were done elsewhere, and code that has changed since. `codeHashOf` gives the hash that the step has now.
 */
export async function validateReproducibility(
  { steps, missing, unexplained }: Chain,
  codeHashOf: (transformation: RecordedTransformation) => Promise<string>,
): Promise<ReproductionProblem[]> {
  const problems: ReproductionProblem[] = [
    ...missing.map((version_id) => ({ code: "source_missing" as const, version_id })),
    ...unexplained.map((version_id) => ({ code: "not_recorded" as const, version_id })),
  ];
  for (const { transformation } of steps) {
    const { transformation_id, code_hash, executable } = transformation;
    if (!executable) {
      problems.push({ code: "not_executable", transformation_id });
      continue;
    }
    const now = await codeHashOf(transformation);
    if (now !== code_hash)
      problems.push({ code: "code_changed", transformation_id, recorded: code_hash, now });
  }
  return problems;
}
