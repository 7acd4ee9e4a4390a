/**
 * What an isolate of the inference Worker has for models, as its `wrangler.toml` and
 * `model-host.ts` say: ONNX Runtime's heap is bounded so that an isolate stays below 128 MB.
 */
const HEAP_BYTES = 72_000_000;
const LARGEST_FILE_BYTES = 16_000_000;
/** ONNX Runtime's own share of the heap. */
const RUNTIME_BYTES = 9_000_000;
/** Opening holds three times the file for a moment. */
const OPENING_FACTOR = 3;
/** What an open session holds: measured on files of weights, of tree ensembles, and of many nodes. */
const HELD_FACTOR = 1.1;
const HELD_FACTOR_OF_TREES = 5;
const HELD_BYTES = 50_000;
const HELD_BYTES_PER_NODE = 1500;

export type IsolateFit = {
  fits: boolean;
  /** Heap at the worst moment, with no other model open. */
  needed_bytes: number;
  limit_bytes: number;
  reason: string;
};

/** Whether one isolate can open and run a model. All sizes in bytes. */
export function fitsIsolate(model: {
  file: number;
  nodes: number;
  trees: boolean;
  peakActivations: number;
}): IsolateFit {
  const factor = model.trees ? HELD_FACTOR_OF_TREES : HELD_FACTOR;
  const opening = OPENING_FACTOR * model.file;
  const held = factor * model.file + HELD_BYTES + HELD_BYTES_PER_NODE * model.nodes;
  const running = held + model.peakActivations;
  const needed_bytes = Math.ceil(RUNTIME_BYTES + Math.max(opening, held, running));
  const moment = opening > running ? "to open it" : "to run it";
  const need = `${megabytes(needed_bytes)} of heap ${moment}, where an isolate has ${megabytes(HEAP_BYTES)}`;
  const isSmallFile = model.file <= LARGEST_FILE_BYTES;
  return {
    fits: isSmallFile && needed_bytes <= HEAP_BYTES,
    needed_bytes,
    limit_bytes: HEAP_BYTES,
    reason: isSmallFile
      ? need
      : `the file has ${megabytes(model.file)}, and an isolate opens at most ${megabytes(LARGEST_FILE_BYTES)}`,
  };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
