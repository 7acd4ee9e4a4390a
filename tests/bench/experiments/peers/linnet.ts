import { apportion } from "../../../../domain/experiments/apportion.ts";
import { decide, type RoutingTable, type Unit } from "../../../../domain/experiments/decide.ts";
import { type Ledger, layOut } from "../../../../domain/experiments/ledger.ts";
import { WHOLE } from "../../../../domain/experiments/weight.ts";
import { type Assign, COUNTRIES, COUNTRY, each, LAYER_SHARE, type Peer } from "./peer.ts";

/** The table of a running leased experiment, as an isolate holds it. */
export const routingTable = (ledger: Ledger, variants: number): RoutingTable => ({
  experiment_id: "exp_01jcp4w0v8e1t9m3k5r7x2y4zb",
  status: "running",
  epoch: 1,
  ledger,
  hash: { algorithm: "linnet" },
  targeting: null,
  layer: null,
  holdout: null,
  control: 0,
  winner: null,
  canary: Array.from({ length: variants }, (_, index) => index > 0),
  budgeted: false,
  enrols: false,
});

export const assignBy = (table: RoutingTable, attributes?: Unit["attributes"]): Assign =>
  each((user_id) => {
    const decided = decide(table, { request_id: "req_1", user_id, attributes });
    return decided.ok && decided.value.reason === "assigned" ? decided.value.variant : -1;
  });

const splitTable = (shares: readonly number[]): RoutingTable =>
  routingTable(layOut(apportion(WHOLE, shares)), shares.length);

export const linnet: Peer = {
  name: "linnet",
  note: "decide",
  split: async (shares) => assignBy(splitTable(shares)),
  targeted: async (shares) => {
    const table: RoutingTable = {
      ...splitTable(shares),
      targeting: { attribute: "country", in: COUNTRIES },
      layer: {
        layer_id: "lay_01jcp4w0v8e1t9m3k5r7x2y4zb",
        name: "bench",
        salt: "lay_01jcp4w0v8e1t9m3k5r7x2y4zb",
        intervals: [[0, WHOLE * LAYER_SHARE]],
      },
    };
    return assignBy(table, { country: COUNTRY });
  },
};
