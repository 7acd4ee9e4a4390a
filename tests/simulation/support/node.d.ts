// What is used of Node: its own types and those of the Workers runtime name the same globals.

declare module "node:sqlite" {
  type Value = null | number | string | Uint8Array;
  export type StatementSync = {
    all(...bindings: Value[]): unknown[];
    run(...bindings: Value[]): { changes: number | bigint };
    columns(): { name: string }[];
  };
  export class DatabaseSync {
    constructor(path: string);
    exec(sql: string): void;
    prepare(sql: string): StatementSync;
    close(): void;
  }
}

declare module "node:crypto" {
  type Hash = { update(text: string): Hash; digest(encoding: "hex"): string };
  export const createHash: (algorithm: "sha256") => Hash;
}

declare const process: {
  env: Record<string, string | undefined>;
  nextTick(work: () => void): void;
};
