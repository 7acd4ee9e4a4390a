import { ML_DOMAIN, domainOf } from "../node.ts";
import { ONNX_TYPES, type OnnxType } from "../model.ts";
import { OPERATOR_TABLE } from "./operator-table.ts";

/** An operator as one version of its set defines it (https://onnx.ai/onnx/operators/). */
export type OperatorSchema = {
  readonly since: number;
  /** From this version on the operator is not to be used; nothing else is said of it then. */
  readonly deprecated: boolean;
  readonly inputs: Ports;
  readonly outputs: Ports;
  readonly attributes: ReadonlyMap<string, AttributeSchema>;
};

/** The inputs or the outputs of an operator, and how many a node has of them. */
export type Ports = {
  readonly list: readonly Port[];
  readonly least: number;
  /** Infinite where the last one repeats. */
  readonly most: number;
};

export type Port = {
  readonly name: string;
  readonly optional: boolean;
  readonly repeats: boolean;
  /** What the ports of one type share: equal names are equal types. Null where nothing is shared. */
  readonly variable: string | null;
  readonly types: ReadonlySet<PortType>;
};

/** The element type of a tensor, or what else a value can be. */
export type PortType = OnnxType | "sequence" | "optional" | "map";

export type AttributeSchema = {
  /** As `AttributeValue` has it, beside `sparse_tensor`. */
  readonly kind: string;
  readonly required: boolean;
  readonly default?: number | string;
};

/** The newest version of each operator set that the table has. */
export const NEWEST_OPSETS: ReadonlyMap<string, number> = new Map([
  ["", 28],
  [ML_DOMAIN, 5],
  ["ai.onnx.preview", 1],
  ["ai.onnx.preview.training", 1],
]);

/** The newest version of the ONNX file format at the time of the table. */
export const NEWEST_IR_VERSION = 14;

/** The schema that an operator has in a version of its operator set, or null where it has none. */
export function schemaOf(domain: string, opType: string, opset: number): OperatorSchema | null {
  const set = domainOf({ domain });
  const versions = versionsOf(set === "" ? opType : `${set}.${opType}`);
  return versions.findLast(({ since }) => since <= opset) ?? null;
}

/** Every version of an operator (by `operatorOf`), ascending; none where it is not known. */
export function versionsOf(operator: string): readonly OperatorSchema[] {
  registry ??= parseTable();
  return registry.get(operator) ?? [];
}

let registry: ReadonlyMap<string, readonly OperatorSchema[]> | undefined;

/** What the parts of a line say; a line that leaves one out has that of the line before. */
type Parts = { ports: string; attributes: string; variables: string };

function parseTable(): Map<string, OperatorSchema[]> {
  const table = new Map<string, OperatorSchema[]>();
  let versions: OperatorSchema[] = [];
  let parts: Parts = { ports: "", attributes: "", variables: "" };
  for (const line of OPERATOR_TABLE.trim().split("\n")) {
    if (!line.startsWith(" ")) {
      versions = [];
      parts = { ports: "", attributes: "{}", variables: "" };
      table.set(line, versions);
      continue;
    }
    const [, since = "", rest = ""] = /^ (\d+) ?(.*)$/.exec(line) ?? [];
    const deprecated = rest === "deprecated";
    if (!deprecated) parts = partsOf(rest, parts);
    versions.push({
      since: Number(since),
      deprecated,
      ...schemaOfParts(deprecated ? { ports: "->", attributes: "{}", variables: "" } : parts),
    });
  }
  return table;
}

function partsOf(line: string, before: Parts): Parts {
  const [, ports, attributes, variables] =
    /^([^={}]*->[^={}]*?)? ?(\{.*\})? ?((?:\w+=\S+ ?)*)$/.exec(line) ?? [];
  return {
    ports: ports ?? before.ports,
    attributes: attributes ?? before.attributes,
    variables: variables === undefined || variables === "" ? before.variables : variables,
  };
}

function schemaOfParts(parts: Parts): Pick<OperatorSchema, "inputs" | "outputs" | "attributes"> {
  const variables = new Map(
    wordsOf(parts.variables).map((word) => {
      const [name = "", set = ""] = word.split("=");
      return [name, typesOf(set)];
    }),
  );
  const [inputs = "", outputs = ""] = parts.ports.split("->");
  return {
    inputs: portsOf(inputs, variables),
    outputs: portsOf(outputs, variables),
    attributes: new Map(wordsOf(parts.attributes.slice(1, -1)).map(attributeOf)),
  };
}

const wordsOf = (text: string): string[] => text.split(" ").filter((word) => word !== "");

function portsOf(text: string, variables: ReadonlyMap<string, ReadonlySet<PortType>>): Ports {
  const words = wordsOf(text);
  const list = words.map((word): Port => {
    const [, name = "", mark = "", differing = "", type = ""] =
      /^(\w+)([?+*]?)(~?):(\S+)$/.exec(word) ?? [];
    return {
      name,
      optional: mark === "?" || mark === "*",
      repeats: mark === "+" || mark === "*",
      variable: variables.has(type) && differing === "" ? type : null,
      types: variables.get(type) ?? typesOf(type),
    };
  });
  const last = list.at(-1);
  const needed = list.findLastIndex(({ optional }) => !optional) + 1;
  return {
    list,
    least: last?.repeats ? Math.max(needed, list.length - (last.optional ? 1 : 0)) : needed,
    most: last?.repeats ? Infinity : list.length,
  };
}

/** Sets that the table has names for. */
const SETS: Readonly<Record<string, string>> = {
  floats: "float16+float32+float64",
  ints: "int8+int16+int32+int64",
  uints: "uint8+uint16+uint32+uint64",
  numeric: "floats+ints+uints",
  complex: "complex64+complex128",
  all: "numeric+complex+bool+string",
  float8: "float8e4m3fn+float8e4m3fnuz+float8e5m2+float8e5m2fnuz",
  float6: "float6e2m3+float6e3m2",
  bits4: "int4+uint4",
  bits2: "int2+uint2",
};

const PORT_TYPES: readonly PortType[] = [...ONNX_TYPES, "sequence", "optional", "map"];

function typesOf(set: string): Set<PortType> {
  return new Set(
    set.split("+").flatMap((word) => {
      const inner = SETS[word];
      if (inner !== undefined) return [...typesOf(inner)];
      return PORT_TYPES.filter((type) => type === word);
    }),
  );
}

function attributeOf(word: string): [string, AttributeSchema] {
  const [, name = "", kind = "", mark = "", value] = /^(\w+):(\w+)(!?)(?:=(.*))?$/.exec(word) ?? [];
  const required = mark === "!";
  if (value === undefined) return [name, { kind, required }];
  return [name, { kind, required, default: kind === "string" ? value : Number(value) }];
}
