import { createRoute } from "@hono/zod-openapi";
import { InferAnswer } from "../../../../contract/inference-protocol.ts";
import { readInferBody } from "../../../../domain/inference-protocol/infer-envelope.ts";
import { decodeInferRequest } from "../../../../domain/inference-protocol/infer-request.ts";
import { inferBody } from "../../../../domain/inference-protocol/infer-response.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { inferenceProblem, inputProblem } from "../../prediction/inference-problem.ts";
import { RUN_PROBLEMS } from "../../prediction/predict-problems.ts";
import { BINARY, INFER_BODY, MODEL_PATHS, type ModelAddress } from "../../prediction/protocol.ts";
import { CHOSEN_BY_CALLER, keepingOf, keepRun } from "../../predictions/keep-predictions.ts";
import { runModel } from "../../prediction/run-model.ts";
import { leaseVersion } from "../../leases/model-leases.ts";

const HEADER_LENGTH = "inference-header-content-length";
const utf8 = new TextDecoder();

const route = ({ prefix, suffix, params }: (typeof MODEL_PATHS)[number]) =>
  createRoute({
    ...secured("predict"),
    operationId: `infer${suffix}`,
    tags: ["Open Inference Protocol"],
    summary: "Run a model",
    description:
      "JSON tensors, or JSON followed by raw tensors when `Inference-Header-Content-Length` says where the JSON ends.",
    method: "post",
    path: `${prefix}/infer`,
    request: { params, body: INFER_BODY },
    responses: {
      200: {
        description: "The outputs",
        content: {
          "application/json": { schema: InferAnswer },
          "application/octet-stream": BINARY,
        },
      },
      ...securedProblems(
        "invalid_request",
        "body_too_large",
        ...RUN_PROBLEMS,
        "inference_request_malformed",
        "model_not_found",
        "version_not_found",
      ),
    },
  });

export const infer = operation();
for (const path of MODEL_PATHS)
  infer.openapi(route(path), async (c) => {
    const { name, version: asked }: ModelAddress = c.req.valid("param");
    const envelope = readInferBody(
      new Uint8Array(await c.req.arrayBuffer()),
      c.req.header(HEADER_LENGTH) ?? null,
      (bytes) => utf8.decode(bytes),
    );
    if (!envelope.ok) throw inputProblem(envelope.error);
    const found = await leaseVersion(c, name, { version: asked });
    const { model_id, version, ref, signature } = found;
    const request = decodeInferRequest(signature, envelope.value);
    if (!request.ok) throw inputProblem(request.error);
    const { feeds, outputs } = request.value;
    const names = outputs.map((output) => output.name);
    const { result } = await runModel(c, ref, feeds, names);
    if (!result.ok) throw inferenceProblem(result.error);
    const run = { model_id, version, ...CHOSEN_BY_CALLER, feeds, outputs: result.value.outputs };
    await keepRun(c, keepingOf(c, found, false), run);
    const answer = inferBody({
      modelName: name,
      modelVersion: String(version),
      id: envelope.value.id,
      outputs: outputs.flatMap((output) => {
        const tensor = result.value.outputs[output.name];
        return tensor ? [{ ...output, tensor }] : [];
      }),
    });
    if (answer.headerLength === null)
      return c.body(answer.body, 200, { "content-type": "application/json" });
    return c.body(answer.body, 200, {
      "content-type": "application/octet-stream",
      [HEADER_LENGTH]: String(answer.headerLength),
    });
  });
