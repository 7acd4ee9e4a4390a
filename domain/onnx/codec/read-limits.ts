export type ReadLimits = {
  /** Messages inside messages: sub-graphs within sub-graphs, types of types. */
  depth: number;
  /** Messages, texts and numbers in all, each of which costs memory many times its bytes. */
  parts: number;
};

/** A part costs a few hundred bytes of memory: this keeps any file within 128 MB beside its bytes. */
export const READ_LIMITS: ReadLimits = { depth: 64, parts: 400_000 };
