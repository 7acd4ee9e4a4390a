/** What a peer does, and ours divided by it where both are numbers of one kind. */
export type Theirs = { name: string; value: string; ratio?: string };

/** One line of the table: ours beside what each peer does. */
export type Row = {
  measure: string;
  ours: string;
  peers: readonly Theirs[];
  how: string;
};

export type Options = {
  /** Fewer rounds, ids and seeds: to see that everything runs, not to quote. */
  quick: boolean;
};

const HEAD = ["measure", "ours", "peers (ours / theirs)", "how"];

/** As GitHub-flavoured Markdown; a bar in a text would end its cell. */
export function tableOf(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const lines = rows.map(({ measure, ours, peers, how }) =>
    line([measure, ours, peers.map(written).join("; "), how]),
  );
  return [line(HEAD), line(HEAD.map(() => "---")), ...lines].join("\n");
}

const written = ({ name, value, ratio }: Theirs): string =>
  ratio === undefined ? `${name} ${value}` : `${name} ${value} (${ratio})`;

export const whole = (value: number): string => Math.round(value).toLocaleString("en");
export const percent = (share: number, digits = 2): string => `${(share * 100).toFixed(digits)} %`;
export const ratioOf = (ours: number, theirs: number): string =>
  theirs > 0 ? (ours / theirs).toFixed(2) : "no ratio";

/** The smallest of the values that a share `q` of them does not pass. */
export function quantileOf(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
