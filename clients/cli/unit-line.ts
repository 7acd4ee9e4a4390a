import type { ExplainedAssignment, ExperimentView } from "@linnet/sdk";
import { renderTable, type TableOptions } from "./table.ts";
import { plain } from "./text-width.ts";
import { parseWeight, WHOLE } from "./weight-text.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRST";
const WIDTH = 60;
const UNKNOWN = "·";

type Variants = ExperimentView["variants"];

/**
 * The line of [0, 1) with the interval that the unit falls into, and a mark where it falls. Whose
 * the other intervals are is known only where one other variant has all that is left.
 */
export function renderUnitLine(
  explained: ExplainedAssignment,
  variants: Variants,
  options: TableOptions,
): string {
  const { unit, position, interval, weights, variant_id, reason, enrolled_in } = explained;
  const { paint } = options;
  const known = new Map(variants.map((variant, index) => [variant.variant_id, { variant, index }]));
  const letterOf = (id: string) => LETTERS[known.get(id)?.index ?? -1] ?? "?";
  const nameOf = (id: string) => known.get(id)?.variant.name ?? id;

  const cells = Math.min(WIDTH, Math.max(10, (options.width ?? Infinity) - 1));
  const at = (text: string) => Math.min(cells - 1, Math.floor(Number(text) * cells));
  const [from, to] = [
    at(interval.from),
    Math.max(at(interval.from) + 1, Math.round(Number(interval.to) * cells)),
  ];
  const rest = ownerOfRest(explained);
  const line = Array.from({ length: cells }, (_, cell) => {
    if (cell >= from && cell < to) return paint.green(letterOf(interval.owner));
    return rest === null ? paint.dim(UNKNOWN) : paint.cyan(letterOf(rest));
  }).join("");
  const mark = `${" ".repeat(at(position))}▲ ${position}`;

  const why = reason === "assigned" ? "" : `: ${reason.replaceAll("_", " ")}`;
  const head = `${plain(unit)} gets ${plain(nameOf(variant_id))} in epoch ${explained.epoch}${why}`;
  const enrolled =
    enrolled_in === null
      ? ""
      : `\nIt was enrolled in ${plain(nameOf(enrolled_in))} before, and stays there.`;
  const by =
    reason === "assigned" && enrolled_in === null
      ? ""
      : `\nBy its position alone it would get ${plain(nameOf(interval.owner))}.`;
  const ends = `0${" ".repeat(cells - 2)}1`;
  const table = renderTable(
    [
      { title: "", value: ({ id }) => letterOf(id) },
      { title: "variant", flexible: true, value: ({ id }) => nameOf(id) },
      { title: "weight", align: "right", value: ({ weight }) => weight },
      {
        title: "",
        value: ({ id }) => (id === interval.owner ? `has [${interval.from}, ${interval.to})` : ""),
      },
    ],
    Object.entries(weights).map(([id, weight]) => ({ id, weight })),
    options,
  );
  const others =
    rest === null && widthOf(interval) < WHOLE
      ? paint.dim(`\n${UNKNOWN} intervals that this answer does not tell`)
      : "";
  return `${head}${enrolled}${by}\n\n${paint.dim(ends)}\n${line}\n${mark}\n\n${table}${others}`;
}

const widthOf = ({ from, to }: ExplainedAssignment["interval"]): bigint =>
  parseWeight(to) - parseWeight(from);

/** The only other variant with a weight, where the unit's interval is all that its owner has. */
function ownerOfRest({ weights, interval }: ExplainedAssignment): string | null {
  const [first, ...more] = Object.entries(weights).filter(
    ([id, weight]) => id !== interval.owner && parseWeight(weight) > 0n,
  );
  const isWhole = parseWeight(weights[interval.owner] ?? "0") === widthOf(interval);
  return isWhole && first && more.length === 0 ? first[0] : null;
}
