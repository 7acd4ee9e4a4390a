import type { Json } from "../../datasets/table.ts";
import { fail, ok, type Result } from "../../result.ts";
import { isNestedWithin, MOST_LEVELS } from "../../text/json-levels.ts";
import { statedEdges } from "./lineage-facet.ts";
import { isUuid, namedRunUuid } from "./run-uuid.ts";

/** Names of facets and what they say; those that nobody here knows too. */
export type Facets = { [name: string]: { [member: string]: Json } };
export type EventDataset = {
  namespace: string;
  name: string;
  facets: Facets;
  /** `inputFacets` or `outputFacets`: about this use of the dataset. */
  useFacets: Facets;
};
export type EventJob = { namespace: string; name: string; facets: Facets };

export const EVENT_TYPES = ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"] as const;
export type EventType = (typeof EVENT_TYPES)[number];

type Common = { at: number; producer: string };
/** An event of OpenLineage 2-0-2; `at` is in milliseconds since 1970. */
export type OpenLineageEvent =
  | (Common & {
      kind: "run";
      type: EventType;
      run_id: string;
      run_facets: Facets;
      job: EventJob;
      inputs: EventDataset[];
      outputs: EventDataset[];
    })
  | (Common & { kind: "job"; job: EventJob; inputs: EventDataset[]; outputs: EventDataset[] })
  | (Common & { kind: "dataset"; dataset: EventDataset });

export type EventFault = { pointer: string; detail: string };

const MOST_DATASETS = 1_000;
const MOST_FACETS = 64;
/** Of facets `lineage`, in one event. */
const MOST_STATED = 5_000;
const LONGEST_NAME = 1_024;
/** RFC 3339, section 5.6. */
const DATE_TIME =
  /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:(?:[0-5]\d|60)(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/**
 * Reads what a client of OpenLineage has sent, as versions 0 to 2 of the specification have it: what
 * they require must be there and right, and what they do not know is kept or left alone.
 * https://openlineage.io/spec/2-0-2/OpenLineage.json
 */
export function readEvent(value: unknown): Result<OpenLineageEvent, EventFault> {
  try {
    const event = eventOf(value);
    boundStated(event);
    return ok(event);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return fail({ pointer: error.pointer, detail: error.message });
  }
}

class Fault extends Error {
  readonly pointer: string;

  constructor(pointer: string, expected: string, found: unknown) {
    super(`expected ${expected}, found ${described(found)}`);
    this.pointer = pointer;
  }
}

function eventOf(value: unknown): OpenLineageEvent {
  if (!isNestedWithin(value, MOST_LEVELS))
    throw new Fault("#", `at most ${MOST_LEVELS} levels of lists and objects`, "more");
  const event = objectAt(value, "#");
  const at = timeAt(event["eventTime"], "#/eventTime");
  const common = { at, producer: nameAt(event["producer"], "#/producer") };
  if (event["run"] !== undefined) return { ...common, ...runEvent(event) };
  if (event["dataset"] !== undefined)
    return { ...common, kind: "dataset", dataset: datasetAt(event["dataset"], "#/dataset", "") };
  if (event["job"] === undefined)
    throw new Fault("#", "an event with a run, a job or a dataset", Object.keys(event).join(", "));
  return { ...common, kind: "job", ...jobAndData(event) };
}

function boundStated(event: OpenLineageEvent): void {
  let stated = 0;
  for (const _ of statedEdges(event))
    if (++stated > MOST_STATED)
      throw new Fault("#", `at most ${MOST_STATED} inputs in facets of lineage`, "more");
}

function runEvent(event: Record<string, unknown>) {
  const run = objectAt(event["run"], "#/run");
  const type = event["eventType"] ?? "OTHER";
  const known = EVENT_TYPES.find((each) => each === type);
  if (!known) throw new Fault("#/eventType", `one of ${EVENT_TYPES.join(", ")}`, type);
  const run_id = nameAt(run["runId"], "#/run/runId");
  const data = jobAndData(event);
  return {
    kind: "run" as const,
    type: known,
    run_id: isUuid(run_id) ? run_id.toLowerCase() : namedRunUuid(data.job, run_id),
    run_facets: facetsAt(run["facets"], "#/run/facets"),
    ...data,
  };
}

function jobAndData(event: Record<string, unknown>) {
  const job = objectAt(event["job"], "#/job");
  return {
    job: {
      namespace: nameAt(job["namespace"], "#/job/namespace"),
      name: nameAt(job["name"], "#/job/name"),
      facets: facetsAt(job["facets"], "#/job/facets"),
    },
    inputs: datasetsAt(event["inputs"], "#/inputs", "inputFacets"),
    outputs: datasetsAt(event["outputs"], "#/outputs", "outputFacets"),
  };
}

function datasetsAt(value: unknown, pointer: string, use: string): EventDataset[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Fault(pointer, "a list of datasets", value);
  if (value.length > MOST_DATASETS)
    throw new Fault(pointer, `at most ${MOST_DATASETS} datasets`, value.length);
  return value.map((each, at) => datasetAt(each, `${pointer}/${at}`, use));
}

function datasetAt(value: unknown, pointer: string, use: string): EventDataset {
  const dataset = objectAt(value, pointer);
  return {
    namespace: nameAt(dataset["namespace"], `${pointer}/namespace`),
    name: nameAt(dataset["name"], `${pointer}/name`),
    facets: facetsAt(dataset["facets"], `${pointer}/facets`),
    useFacets: use === "" ? {} : facetsAt(dataset[use], `${pointer}/${use}`),
  };
}

function facetsAt(value: unknown, pointer: string): Facets {
  if (value === undefined || value === null) return {};
  const facets = Object.entries(objectAt(value, pointer)).filter(([, facet]) => facet !== null);
  if (facets.length > MOST_FACETS)
    throw new Fault(pointer, `at most ${MOST_FACETS} facets`, facets.length);
  for (const [name, facet] of facets) {
    if (name.length > LONGEST_NAME)
      throw new Fault(pointer, `names of facets of at most ${LONGEST_NAME} characters`, name);
    objectAt(facet, `${pointer}/${name}`);
  }
  return Object.fromEntries(facets) as Facets;
}

function objectAt(value: unknown, pointer: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Fault(pointer, "an object", value);
  return value as Record<string, unknown>;
}

function nameAt(value: unknown, pointer: string): string {
  if (typeof value !== "string" || value === "" || value.length > LONGEST_NAME)
    throw new Fault(pointer, `a text of 1 to ${LONGEST_NAME} characters`, value);
  // It would not come back from storage as it went in.
  if (!value.isWellFormed()) throw new Fault(pointer, "a text without half surrogates", value);
  return value;
}

function timeAt(value: unknown, pointer: string): number {
  const at = typeof value === "string" && DATE_TIME.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at))
    throw new Fault(pointer, "a date-time of RFC 3339 such as 2026-11-21T09:30:00Z", value);
  return at;
}

const LONGEST_FOUND = 80;

function described(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > LONGEST_FOUND ? `${text.slice(0, LONGEST_FOUND)}…` : text;
}
