import type { FailureCode, LinnetError } from "@linnet/sdk";

const LOGIN = "run `linnet login` with a key that is in force";

const HINTS: Partial<Record<FailureCode, string>> = {
  key_missing: "run `linnet login`",
  key_malformed: LOGIN,
  key_rejected: LOGIN,
  key_expired: LOGIN,
  key_revoked: LOGIN,
  setup_refused: "the token is the deployment's secret SETUP_TOKEN",
  already_set_up: "run `linnet login` with a key that an administrator gives you",
  model_not_found: "`linnet models list` shows your models",
  version_not_found: "`linnet models versions <model>` shows the versions",
  release_gate_failed: "loosen the limit, choose other --options, or look at --dry-run",
  optimization_invalid: "`linnet models inspect <model>` shows its inputs, nodes and operators",
  explanation_target_unknown: "`linnet models get <model@version>` shows the outputs",
  explanation_too_costly:
    "`--options '{\"samples\":500}'`, --groups or a smaller --background make it less",
  feature_unknown:
    "the names are those of the table's head (--data), else of the model's file, else input[0], input[1], …",
  gradient_missing: "--method kernel and --method permutation need no gradient",
  background_missing:
    "`linnet backgrounds put <model> default --data <file>` keeps rows, or give --background <file>",
  background_not_found: "`linnet backgrounds list <model>` shows the sets",
  explanation_not_found: "`linnet explanations list` shows those that are kept",
  job_not_found: "`linnet jobs list` shows your jobs",
  job_ended: "`linnet jobs get <id>` shows how it ended",
  alias_not_found: "`linnet models aliases <model>` shows the aliases",
  alias_moved: "`linnet models aliases <model> <alias>` shows who moved it",
  prediction_not_found: "`linnet predictions list <model>` shows what is kept",
  experiment_not_found: "`linnet experiments list` shows your experiments",
  experiment_not_started: "`linnet experiments start <id>` starts it",
  experiment_concluding: "try again in a second",
  winner_unknown: "`linnet experiments get <id>` shows the variants",
  variant_unknown: "`linnet experiments get <id>` shows the variants",
  epoch_moved: "`linnet experiments events <id>` shows who changed it",
  movement_too_large: "go in smaller steps, or allow more with --max-moved",
  ramp_missing: "`linnet experiments weights <id> name=weight …` changes the weights",
  ramp_at_end: "`linnet experiments get <id>` shows the steps",
  proposal_missing: "`linnet experiments events <id>` shows who decided",
  undo_refused: "only the last conclusion can be taken back, with the token that it printed",
  flag_key_taken: "`linnet experiments list --status running` shows the experiments",
  targeting_invalid: 'such as \'{"attribute":"country","in":["FR"]}\'',
  layer_not_found: "`linnet layers list` shows your layers",
  layer_full: "`linnet layers get <name>` shows who holds its shares",
  layer_in_use: "`linnet layers get <name>` shows who holds its shares",
  dataset_not_found:
    "`linnet data list` shows your datasets, with --shared those of others; `linnet data create` makes one",
  dataset_version_not_found: "`linnet data log <dataset>` shows the versions",
  dataset_tag_not_found: "`linnet data tags <dataset>` shows the tags",
  dataset_in_use:
    "`linnet data log <dataset>` shows the versions, `linnet data version` what uses one",
  dataset_version_in_use: "`linnet data version <dataset@version>` shows what uses it",
  dataset_archived: "`linnet data restore <dataset>` lets it take versions again",
  head_moved: "`linnet data log <dataset>` shows who was faster",
  column_unknown: "`linnet data version <dataset@version>` shows the columns",
  schema_incompatible: "`linnet data show <dataset>` shows its rule of compatibility",
  run_not_found: "`linnet runs list` shows your runs",
  run_in_use: "`linnet runs show <run>` shows what it made",
  group_not_found: "`linnet groups list` shows the groups that you are in",
  group_member_not_found: "`linnet groups show <group>` shows the members",
  group_not_owned: "`linnet groups show <group>` shows the owner",
  key_not_found: "`linnet keys list` shows your keys",
  user_not_found: "`linnet users list` shows the users",
  network: "is the platform running, and LINNET_URL or the login right? see `linnet whoami`",
  timeout: "`linnet health` tells which part is slow",
  unexpected_answer: "does the URL belong to a Linnet platform? see `linnet whoami`",
  unavailable: "try again; `linnet health` tells which part fails",
};

/** What to do about it, or null when the detail says it all. */
export function hintFor({ code, problem, retryAfterMs }: LinnetError): string | null {
  if (code === "quota_exhausted" && retryAfterMs !== null)
    return `try again in ${Math.ceil(retryAfterMs / 1_000)} s, or use a key with a larger --rate-limit`;
  if (code === "scope_missing" && typeof problem?.["scope"] === "string")
    return `a key with this scope is needed: \`linnet keys create <name> --scope ${problem["scope"]}\``;
  return HINTS[code] ?? null;
}
