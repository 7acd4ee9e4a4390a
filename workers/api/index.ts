import { api } from "./api.ts";

export { ExperimentActor } from "../../durable-objects/experiment/experiment-actor.ts";
export { KeyActor } from "../../durable-objects/key/key-actor.ts";
export { ModelActor } from "../../durable-objects/model/model-actor.ts";

export default api satisfies ExportedHandler<Env>;
