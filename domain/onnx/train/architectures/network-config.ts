import type { Activation } from "./layers.ts";

/** What every architecture has; the defaults stand with each. */
type Common = {
  /** Share of the activations that a training step leaves out. */
  dropout?: number;
  activation?: Activation;
};

type Stages = {
  channels?: readonly number[];
  kernel?: number;
  pool?: number;
  /** Whether batches are normalised after each convolution; true. */
  normalise?: boolean;
};

export type Architecture =
  | (Common & { kind: "mlp"; hidden?: readonly number[] })
  /** Convolution, normalisation, activation and a maximum over `pool` samples, a stage for each number of channels. */
  | (Common & { kind: "cnn1d" } & Stages)
  /** He et al. 2016 in one dimension; each stage after the first halves the length. */
  | (Common & { kind: "resnet1d"; channels?: readonly number[]; blocks?: number; kernel?: number })
  /** `frame` samples of every channel are one step. */
  | (Common & { kind: "lstm" | "bilstm"; hidden?: number; layers?: number; frame?: number })
  | (Common & { kind: "cnn_lstm"; hidden?: number } & Stages)
  /** An encoder with the normalisation before each part (Xiong et al. 2020) over patches of `frame` samples. */
  | (Common & {
      kind: "transformer";
      width?: number;
      heads?: number;
      layers?: number;
      feed_forward?: number;
      frame?: number;
    });

export type NetworkConfig = {
  architecture: Architecture;
  /** A table has features; a signal has channels and samples. An mlp takes either. */
  input: { features: number } | { channels: number; length: number };
  output: { classes: number } | { values: number };
  /** Of the first weights. */
  seed?: number;
};
