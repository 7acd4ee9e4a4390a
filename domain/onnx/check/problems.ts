import { brief, type OnnxFaultCode, type OnnxPlace, type OnnxProblem } from "../onnx-fault.ts";

/** More help nobody: the first ones explain the others. */
const MAX_PROBLEMS = 50;

/** The problems of a model, as far as they are counted. */
export class Problems {
  readonly list: OnnxProblem[] = [];

  add(message: string, place: OnnxPlace = {}, code: OnnxFaultCode = "invalid"): void {
    if (this.list.length < MAX_PROBLEMS)
      this.list.push({ code, message: brief(message), ...place });
  }
}
