import type { InspectResult } from "@linnet/sdk";
import { formatBytes, formatCount } from "./format.ts";
import { renderFields, renderTable, type TableOptions } from "./table.ts";

type Port = InspectResult["inputs"][number];

/** What a model is made of: its figures, its ports, and its nodes. */
export function renderInspection(found: InspectResult, options: TableOptions): string {
  const { unknown, fits_isolate, problems } = found;
  const operators = Object.entries(found.operators).map(([name, count]) => `${name} ${count}`);
  const opsets = Object.entries(found.opsets).map(([domain, version]) => `${domain} ${version}`);
  const least = unknown.macs_of_nodes > 0 ? "at least " : "";
  const head = renderFields(
    [
      ["version", `${found.model}@${found.version}`],
      ["made by", found.producer],
      ["opset", opsets.join(", ")],
      ["file", `${formatBytes(found.file_bytes)}, weights ${formatBytes(found.weight_bytes)}`],
      ["parameters", formatCount(found.parameters.trainable)],
      ["operators", operators.join(", ")],
      [
        "cost",
        `${least}${formatCount(found.macs)} MACs for a batch of ${formatCount(found.batch)}`,
      ],
      ["memory", `${formatBytes(found.activations.peak_bytes)} of activations at the peak`],
      ["at the edge", `${fits_isolate.fits ? "fits" : "does not fit"}: ${fits_isolate.reason}`],
      ["problems", problems.length === 0 ? "none" : String(problems.length)],
    ],
    options,
  );
  const ports = [
    ...found.inputs.map((port) => ({ ...port, role: "input" })),
    ...found.outputs.map((port) => ({ ...port, role: "output" })),
  ];
  const parts = [
    head,
    renderTable(PORTS, ports, options),
    renderTable(NODES, found.nodes, options),
  ];
  const faults = problems.map(({ message }) => `${options.paint.red("problem:")} ${message}`);
  return [...parts, ...(faults.length > 0 ? [faults.join("\n")] : [])].join("\n\n");
}

const shapeText = (shape: Port["shape"]): string =>
  shape === null ? "?" : `[${shape.map((size) => size ?? "?").join(", ")}]`;

const PORTS = [
  { title: "", value: ({ role }: Port & { role: string }) => role },
  { title: "name", value: ({ name }: Port) => name },
  { title: "type", value: ({ type }: Port) => type },
  { title: "shape", value: ({ shape }: Port) => shapeText(shape) },
];

type NodeRow = InspectResult["nodes"][number];
const NODES = [
  { title: "node", flexible: true, value: ({ name }: NodeRow) => name },
  { title: "operator", value: ({ operator }: NodeRow) => operator },
  { title: "output", value: ({ output_shape }: NodeRow) => shapeText(output_shape) },
  {
    title: "parameters",
    align: "right" as const,
    value: ({ parameters }: NodeRow) => (parameters === 0 ? "" : formatCount(parameters)),
  },
  {
    title: "MACs",
    align: "right" as const,
    value: ({ macs }: NodeRow) => (macs === null ? "?" : macs === 0 ? "" : formatCount(macs)),
  },
];
