import { DatasetFault, type DatasetFaultCode } from "../../../../domain/datasets/dataset-fault.ts";

/** What an action is refused for. */
export const codeOf = (action: () => unknown): DatasetFaultCode | "none" => {
  try {
    action();
    return "none";
  } catch (thrown) {
    if (thrown instanceof DatasetFault) return thrown.problem.code;
    throw thrown;
  }
};
