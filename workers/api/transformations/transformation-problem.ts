import type { TransformationError } from "../../../contract/transformation-work.ts";
import { DatasetFault } from "../../../domain/datasets/dataset-fault.ts";
import { dataProblem, datasetProblem, faultProblem } from "../datasets/dataset-problem.ts";
import { ApiProblem } from "../http/problem.ts";

/** Why a transformation failed, as a caller is told. */
export function transformationProblem(error: TransformationError): ApiProblem {
  switch (error.code) {
    case "data":
    case "busy":
      return dataProblem(error);
    case "dataset":
      return datasetProblem(error.refusal);
    case "source_failed":
      return new ApiProblem(
        "transformation_invalid",
        `${error.transformation_id}, which was to make a source of it, has not`,
        { transformation_id: error.transformation_id },
      );
  }
}

/** What the rules give, or the problem that they refuse with. */
export async function ruled<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof DatasetFault ? faultProblem(error.problem) : error;
  }
}

export const unknownTransformation = (id: string): ApiProblem =>
  new ApiProblem("transformation_not_found", `you have begun no transformation ${id}`);
