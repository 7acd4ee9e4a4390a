import { api } from "./api.ts";

export { DatasetActor } from "../../durable-objects/dataset/dataset-actor.ts";
export { ExperimentActor } from "../../durable-objects/experiment/experiment-actor.ts";
export { FeedActor } from "../../durable-objects/feed/feed-actor.ts";
export { JobActor } from "../../durable-objects/job/job-actor.ts";
export { KeyActor } from "../../durable-objects/key/key-actor.ts";
export { LayerActor } from "../../durable-objects/layer/layer-actor.ts";
export { LineageActor } from "../../durable-objects/lineage/lineage-actor.ts";
export { ModelActor } from "../../durable-objects/model/model-actor.ts";
export { OutcomeShardActor } from "../../durable-objects/outcome-shard/outcome-shard-actor.ts";
export { PredictionLogActor } from "../../durable-objects/prediction-log/prediction-log-actor.ts";
export { TransformationActor } from "../../durable-objects/transformation/transformation-actor.ts";

export default api satisfies ExportedHandler<Env>;
