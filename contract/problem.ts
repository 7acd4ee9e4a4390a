import * as z from "zod";

/** Every failure the API can name. A code, once published, keeps its meaning and its status. */
export const PROBLEMS = {
  invalid_request: { status: 400, title: "The request does not match the contract" },
  input_missing: { status: 400, title: "A model input is missing" },
  input_unknown: { status: 400, title: "The model has no such input" },
  input_type: { status: 400, title: "A value does not fit the input's element type" },
  input_shape: { status: 400, title: "A tensor does not fit the input's shape" },
  inference_request_malformed: { status: 400, title: "The inference request cannot be read" },
  optimization_invalid: { status: 400, title: "What was asked for does not fit the model" },
  weights_invalid: { status: 400, title: "The traffic weights are not valid" },
  control_invalid: { status: 400, title: "Exactly one variant must be the control" },
  variants_duplicate: { status: 400, title: "Two variants are the same model version" },
  variants_incompatible: { status: 400, title: "The variants do not take the same inputs" },
  allocation_invalid: { status: 400, title: "The strategy and what was given do not fit together" },
  ramp_invalid: { status: 400, title: "The ramp cannot be followed" },
  bandit_invalid: { status: 400, title: "The bandit cannot divide the traffic" },
  split_invalid: { status: 400, title: "The imported split cannot be read" },
  targeting_invalid: { status: 400, title: "The targeting condition cannot be read" },
  variant_unknown: { status: 400, title: "The variant is not part of the experiment" },
  winner_unknown: { status: 400, title: "The winning variant is not part of the experiment" },
  key_missing: { status: 401, title: "An API key is needed" },
  key_malformed: { status: 401, title: "This is not an API key of this platform" },
  key_rejected: { status: 401, title: "The API key is not valid" },
  key_expired: { status: 401, title: "The API key has expired" },
  key_revoked: { status: 401, title: "The API key was revoked" },
  scope_missing: { status: 403, title: "The API key lacks a scope" },
  setup_refused: { status: 403, title: "The setup token is not valid" },
  route_not_found: { status: 404, title: "No such route" },
  model_not_found: { status: 404, title: "No such model" },
  version_not_found: { status: 404, title: "No such model version" },
  alias_not_found: { status: 404, title: "No such alias" },
  experiment_not_found: { status: 404, title: "No such experiment" },
  layer_not_found: { status: 404, title: "No such layer" },
  key_not_found: { status: 404, title: "No such key" },
  user_not_found: { status: 404, title: "No such user" },
  method_not_allowed: { status: 405, title: "The route does not take this method" },
  model_name_taken: { status: 409, title: "A model of this name exists" },
  model_in_use: { status: 409, title: "The model is in use" },
  version_in_use: { status: 409, title: "The version is in use" },
  alias_moved: { status: 409, title: "The alias points elsewhere" },
  experiment_not_started: { status: 409, title: "The experiment was never started" },
  experiment_active: { status: 409, title: "The experiment has not ended" },
  experiment_concluding: { status: 409, title: "A conclusion of the experiment is under way" },
  epoch_moved: { status: 409, title: "The experiment is in another epoch" },
  movement_too_large: { status: 409, title: "The change would move too many units" },
  ramp_missing: { status: 409, title: "The experiment has no ramp" },
  ramp_at_end: { status: 409, title: "The ramp has no such step" },
  proposal_missing: { status: 409, title: "No rollback waits for approval" },
  undo_refused: { status: 409, title: "The conclusion cannot be taken back" },
  flag_key_taken: { status: 409, title: "Another experiment that has not ended has this flag key" },
  experiment_transition_refused: {
    status: 409,
    title: "The experiment's status does not allow this",
  },
  layer_full: { status: 409, title: "The layer has less free than was asked for" },
  layer_in_use: { status: 409, title: "The layer is in use" },
  idempotency_key_reused: {
    status: 409,
    title: "The idempotency key was used for another request",
  },
  already_set_up: { status: 409, title: "The platform has an administrator" },
  length_required: { status: 411, title: "The request must state its length" },
  body_too_large: { status: 413, title: "The request body is too large" },
  model_too_large: { status: 413, title: "The model is too large for an isolate" },
  content_type_unsupported: { status: 415, title: "The content type is not supported" },
  upgrade_required: { status: 426, title: "The route is a WebSocket" },
  model_invalid: { status: 422, title: "The file is not a usable ONNX model" },
  model_operator_unsupported: {
    status: 422,
    title: "The model uses an operator that the runtime lacks",
  },
  model_io_unsupported: {
    status: 422,
    title: "The model has an input or output that cannot be carried",
  },
  optimization_unsupported: { status: 422, title: "The model has what the toolkit does not cover" },
  release_gate_failed: { status: 422, title: "The new version does not pass its gate" },
  inference_failed: { status: 422, title: "The model failed on this input" },
  quota_exhausted: { status: 429, title: "The key's hourly quota is used up" },
  streams_too_many: { status: 429, title: "Too many event streams are open" },
  internal: { status: 500, title: "Unexpected failure" },
  model_bytes_missing: { status: 503, title: "The model's bytes cannot be read" },
  unavailable: { status: 503, title: "A part of the platform cannot be reached; try again" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

const PROBLEM_CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

export const Problem = z
  .looseObject({
    type: z.string().meta({ format: "uri-reference", example: "/problems/model_not_found" }),
    code: z.enum(PROBLEM_CODES),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().meta({ description: "The request's id, as in `x-request-id`" }),
    errors: z
      .array(z.object({ pointer: z.string(), detail: z.string() }))
      .optional()
      .meta({ description: "One entry for each part of the request that is wrong" }),
  })
  .meta({ id: "Problem", description: "RFC 9457 problem details" });
export type Problem = z.infer<typeof Problem>;
