import type {
  DriftExplanationView,
  ExplanationView,
  GlobalExplanationView,
} from "../../../contract/explanation.ts";
import type { Body, ExplanationRow } from "../../../database/explanation-row.ts";
import type { DriftExplained } from "../../../domain/explain/engine/drift-of-explanations.ts";
import type { GlobalExplained } from "../../../domain/explain/engine/summarise-explanations.ts";
import type { Explained } from "../../../domain/explain/explanation.ts";
import { instant } from "../http/times.ts";

/** An explanation of one prediction. */
export const viewExplanation = (row: ExplanationRow, cached: boolean): ExplanationView => ({
  ...(JSON.parse(row.body) as Body<Explained>),
  ...columnsOf(row),
  prediction_id: row.prediction_id,
  cached,
});

/** An explanation of many. */
export const viewGlobal = (row: ExplanationRow, cached: boolean): GlobalExplanationView => ({
  ...(JSON.parse(row.body) as Body<GlobalExplained>),
  ...columnsOf(row),
  cached,
});

export const viewDrift = (row: ExplanationRow, cached: boolean): DriftExplanationView => ({
  ...(JSON.parse(row.body) as Body<DriftExplained>),
  ...columnsOf(row),
  cached,
});

const columnsOf = ({ id, model_id, version, created_at, expires_at }: ExplanationRow) => ({
  explanation_id: id,
  model_id,
  model_version: version,
  created_at: instant(created_at),
  expires_at: instant(expires_at),
});
