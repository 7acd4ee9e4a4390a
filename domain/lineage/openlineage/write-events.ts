import type { Json } from "../../datasets/table.ts";
import type { LineageNode } from "../lineage-node.ts";
import { externalJobNode } from "../node-kind.ts";
import type { RunStatus } from "../run-status.ts";
import { OWN_NAMESPACE } from "./facts.ts";
import { CODE, EVALUATION, HYPERPARAMETERS, MODEL, TRANSFORMATION } from "./own-facets.ts";
import { uuidOf } from "./run-uuid.ts";

type Members = { [name: string]: Json };
type ToldNode = LineageNode & { facets: Members };

/** A run as its record has it. */
export type ToldRun = {
  status: RunStatus;
  parameters: Members;
  metrics: { [name: string]: number };
  code_hash: string | null;
  started_at: number | null;
  ended_at: number | null;
  created_at: number;
  job: JobName | null;
};

/** A step with all that went in and came out. */
export type ToldStep = {
  node: ToldNode;
  run: ToldRun | null;
  inputs: ToldNode[];
  outputs: ToldNode[];
};

/** Steps in order, and data that no step of them has to do with. */
export type ToldChain = { steps: ToldStep[]; alone: ToldNode[]; truncated: boolean };

type JobName = { namespace: string; name: string };

/** An address of this platform, such as `https://linnet.example`. */
type Context = { origin: string };

const CORE = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/";
const FACETS = "https://openlineage.io/spec/facets/";
const SCHEMA_URLS = {
  version: `${FACETS}1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet`,
  schema: `${FACETS}1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet`,
  dataSource: `${FACETS}1-0-1/DatasourceDatasetFacet.json#/$defs/DatasourceDatasetFacet`,
  columnLineage: `${FACETS}1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet`,
  outputStatistics: `${FACETS}1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/OutputStatisticsOutputDatasetFacet`,
  jobType: `${FACETS}2-0-3/JobTypeJobFacet.json#/$defs/JobTypeJobFacet`,
} as const;

/** The components of this platform's OpenAPI document that describe its own facets. */
const OWN_SCHEMAS = {
  [HYPERPARAMETERS]: "LinnetHyperparametersRunFacet",
  [EVALUATION]: "LinnetEvaluationRunFacet",
  [CODE]: "LinnetCodeRunFacet",
  [MODEL]: "LinnetModelDatasetFacet",
  [TRANSFORMATION]: "LinnetTransformationRunFacet",
} as const;

/**
 * What is known, as events of OpenLineage 2-0-2 in the order in which it happened: for each run and
 * transformation the events of its run, for data alone a DatasetEvent, and for other steps a
 * JobEvent, but for a job of which only runs are known.
 */
export function writeEvents({ steps, alone }: ToldChain, context: Context): Members[] {
  const write = new Writer(context, steps);
  return [
    ...alone.map((node) => write.datasetEvent(node)),
    ...steps.flatMap((step) => write.stepEvents(step)),
  ];
}

class Writer {
  readonly #origin: string;
  /** External ones, by what they are called. */
  readonly #jobs: ReadonlyMap<string, ToldNode>;
  readonly #withRuns: ReadonlySet<string>;

  constructor({ origin }: Context, steps: readonly ToldStep[]) {
    this.#origin = origin;
    const jobs = steps.filter(({ node }) => node.node_type === "external_job");
    this.#jobs = new Map(jobs.map(({ node }) => [node.node_id, node]));
    this.#withRuns = new Set(steps.flatMap(({ run }) => (run?.job ? [jobNodeOf(run.job)] : [])));
  }

  datasetEvent(node: ToldNode): Members {
    return {
      ...this.#event(node.created_at, "DatasetEvent"),
      dataset: this.#dataset(node, null),
    };
  }

  stepEvents(step: ToldStep): Members[] {
    const { node, run } = step;
    if (run) return this.#runEvents(step, run);
    if (node.node_type === "transformation") return [this.#transformationEvent(step)];
    const hasData = step.inputs.length + step.outputs.length > 0;
    if (!hasData && this.#withRuns.has(node.node_id)) return [];
    return [
      {
        ...this.#event(node.created_at, "JobEvent"),
        job: this.#job(node),
        inputs: this.#datasets(step, "inputs"),
        outputs: this.#datasets(step, "outputs"),
      },
    ];
  }

  #runEvents(step: ToldStep, run: ToldRun): Members[] {
    const { node } = step;
    const facets = {
      ...this.#told(node, "RunFacet"),
      ...(Object.keys(run.parameters).length > 0 && {
        [HYPERPARAMETERS]: this.#own(HYPERPARAMETERS, { parameters: run.parameters }),
      }),
      ...(Object.keys(run.metrics).length > 0 && {
        [EVALUATION]: this.#own(EVALUATION, { metrics: run.metrics }),
      }),
      ...(run.code_hash !== null && { [CODE]: this.#own(CODE, { code_hash: run.code_hash }) }),
    };
    const job = run.job ? this.#namedJob(run.job) : this.#job(node);
    const told = (eventType: string, at: number): Members => ({
      ...this.#event(at, "RunEvent"),
      eventType,
      run: { runId: uuidOf(node.node_id), facets },
      job,
      inputs: this.#datasets(step, "inputs"),
      outputs: this.#datasets(step, "outputs"),
    });
    const ended = run.ended_at === null ? [] : [told(TYPE_OF[run.status], run.ended_at)];
    if (run.started_at !== null) return [told("START", run.started_at), ...ended];
    return ended.length > 0 ? ended : [told(TYPE_OF[run.status], run.created_at)];
  }

  #transformationEvent(step: ToldStep): Members {
    const { node } = step;
    const { transformation_type = null, code_hash = null, parameters } = node.metadata;
    const facet = { transformation_type, code_hash, ...(parameters && { parameters }) };
    return {
      ...this.#event(node.created_at, "RunEvent"),
      eventType: "COMPLETE",
      run: {
        runId: uuidOf(node.node_id),
        facets: { [TRANSFORMATION]: this.#own(TRANSFORMATION, facet) },
      },
      job: this.#job(node),
      inputs: this.#datasets(step, "inputs"),
      outputs: this.#datasets(step, "outputs"),
    };
  }

  #event(at: number, definition: string): Members {
    return {
      eventTime: new Date(at).toISOString(),
      producer: this.#origin,
      schemaURL: `${CORE}${definition}`,
    };
  }

  #namedJob({ namespace, name }: JobName): Members {
    const node = this.#jobs.get(jobNodeOf({ namespace, name }));
    return { namespace, name, facets: node ? this.#told(node, "JobFacet") : {} };
  }

  #job(node: ToldNode): Members {
    if (node.node_type === "external_job") return this.#namedJob(node.metadata as JobName);
    const [folder, jobType] = JOBS[node.node_type] ?? ["runs", "TRAINING"];
    const type = { processingType: "BATCH", integration: "LINNET", jobType };
    return {
      namespace: OWN_NAMESPACE,
      name: `${folder}/${node.label}`,
      facets: { jobType: this.#core("jobType", type) },
    };
  }

  #datasets(step: ToldStep, side: "inputs" | "outputs"): Members[] {
    return step[side].map((node) => ({
      ...this.#dataset(node, side === "outputs" ? step : null),
      ...this.#use(node, side),
    }));
  }

  /** `madeBy`: the step that it came out of, which may say what its columns come from. */
  #dataset(node: ToldNode, madeBy: ToldStep | null): Members {
    const told = this.#told(node, "DatasetFacet");
    if (node.node_type === "external_dataset")
      return { namespace: node.metadata["namespace"] ?? "", name: node.label, facets: told };
    const isModel = node.node_type === "model_version";
    const [name = node.label, number = ""] = node.label.split("@");
    const { schema } = node.metadata;
    const columns = madeBy && columnLineage(node, madeBy);
    return {
      namespace: OWN_NAMESPACE,
      name: isModel ? `models/${name}` : name,
      facets: {
        ...told,
        version: this.#core("version", { datasetVersion: isModel ? number : node.node_id }),
        dataSource: this.#core("dataSource", { name: OWN_NAMESPACE, uri: this.#origin }),
        ...(schema && { schema: this.#core("schema", { fields: schema }) }),
        ...(columns && { columnLineage: this.#core("columnLineage", { fields: columns }) }),
        ...(isModel && { [MODEL]: this.#own(MODEL, { model: name, version: Number(number) }) }),
      },
    };
  }

  #use(node: ToldNode, side: "inputs" | "outputs"): Members {
    if (side === "inputs") return { inputFacets: this.#told(node, "InputDatasetFacet") };
    const { row_count = null, size_bytes = null } = node.metadata;
    const counted = {
      ...(row_count !== null && { rowCount: row_count }),
      ...(size_bytes !== null && { size: size_bytes }),
    };
    const statistics = Object.keys(counted).length > 0 && {
      outputStatistics: this.#core("outputStatistics", counted),
    };
    return { outputFacets: { ...this.#told(node, "OutputDatasetFacet"), ...statistics } };
  }

  /**
   * Facets that were told of a node, or of its use as an input or output; deleted ones are none.
   * Those that came without what the specification requires of every facet are given it.
   */
  #told({ facets }: ToldNode, definition: keyof typeof PREFIXES): Members {
    const prefix = PREFIXES[definition];
    const base = { _producer: this.#origin, _schemaURL: `${CORE}${definition}` };
    return Object.fromEntries(
      Object.entries(facets)
        .filter(([name]) =>
          prefix === "" ? !/^(?:in|out)put\//.test(name) : name.startsWith(prefix),
        )
        .filter(([, facet]) => !(facet as Members)["_deleted"])
        .map(([name, facet]) => [name.slice(prefix.length), { ...base, ...(facet as Members) }]),
    );
  }

  #core(name: keyof typeof SCHEMA_URLS, members: Members): Members {
    return { _producer: this.#origin, _schemaURL: SCHEMA_URLS[name], ...members };
  }

  #own(name: keyof typeof OWN_SCHEMAS, members: Members): Members {
    const schema = `${this.#origin}/openapi.json#/components/schemas/${OWN_SCHEMAS[name]}`;
    return { _producer: this.#origin, _schemaURL: schema, ...members };
  }
}

const TYPE_OF: Readonly<Record<RunStatus, string>> = {
  created: "OTHER",
  running: "RUNNING",
  succeeded: "COMPLETE",
  failed: "FAIL",
  aborted: "ABORT",
};

const JOBS: Readonly<Partial<Record<LineageNode["node_type"], readonly [string, string]>>> = {
  transformation: ["transformations", "TRANSFORMATION"],
  run: ["runs", "TRAINING"],
  experiment: ["experiments", "EXPERIMENT"],
};

/** What the names of facets are kept with, by what they are of. */
const PREFIXES = {
  RunFacet: "",
  JobFacet: "",
  DatasetFacet: "",
  InputDatasetFacet: "input/",
  OutputDatasetFacet: "output/",
} as const;

const jobNodeOf = ({ namespace, name }: JobName): string => externalJobNode(namespace, name);

/** These take some rows as they are, so that each column comes from the one of its name. */
const KEEPING_COLUMNS: ReadonlySet<Json | undefined> = new Set(["filter", "sample", "split"]);

function columnLineage(node: ToldNode, { node: step, inputs }: ToldStep): Members | null {
  const { schema } = node.metadata;
  if (!KEEPING_COLUMNS.has(step.metadata["transformation_type"]) || !Array.isArray(schema))
    return null;
  const sources = inputs.map(({ label }) => label.split("@")[0] ?? label);
  const fields = (schema as { name: string }[]).map(({ name: field }) => {
    const inputFields = sources.map((name) => ({
      namespace: OWN_NAMESPACE,
      name,
      field,
      transformations: [{ type: "DIRECT", subtype: "IDENTITY" }],
    }));
    return [field, { inputFields }] as const;
  });
  return Object.fromEntries(fields);
}
