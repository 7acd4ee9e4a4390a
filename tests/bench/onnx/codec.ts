import { readFileSync } from "node:fs";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { readModel, writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import { floatTensor } from "../../../domain/onnx/tensors.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import { ratioOf, type Options, type Row } from "../experiments/row.ts";
import { median } from "./timing.ts";

/** Four layers of [512, 512]: 4.2 MB, nearly all weights. */
export function largeModel(): Uint8Array {
  const random = seededRandom("codec");
  const b = GraphBuilder.empty();
  let x = b.input("x", "float32", ["batch", 512]);
  for (let layer = 0; layer < 4; layer += 1) {
    const values = Float32Array.from({ length: 512 * 512 }, () => random.normal() / 23);
    x = b.node("Relu", [b.node("MatMul", [x, b.constant(floatTensor([512, 512], values))])]);
  }
  b.output(x, "y");
  return writeModel(b.model());
}

/** A thousand small nodes. */
function longModel(): Uint8Array {
  const b = GraphBuilder.empty();
  let x = b.input("x", "float32", ["batch", 4]);
  for (let index = 0; index < 1000; index += 1)
    x = b.node(
      index % 2 === 0 ? "LeakyRelu" : "Elu",
      [x],
      { alpha: 0.1 },
      { name: `node ${index}` },
    );
  b.output(x, "y");
  return writeModel(b.model());
}

/** Reading and writing files, against the definitions that buf compiles. */
export function codec({ quick }: Options): Row[] {
  const rounds = quick ? 5 : 41;
  const files: [string, Uint8Array][] = [
    ["4.2 MB of weights", largeModel()],
    ["1,000 nodes", longModel()],
    ["the WDBC forest, 72 kB", readFileSync("examples/wdbc/models/wdbc-forest.onnx")],
  ];
  return files.flatMap(([name, bytes]) => {
    const ours = readModel(bytes);
    const copy = structuredClone(ours);
    const theirs = fromBinary(ModelProtoSchema, bytes);
    const times = inTurns(rounds, {
      read: () => readModel(bytes),
      theirRead: () => fromBinary(ModelProtoSchema, bytes),
      write: () => writeModel(ours),
      writeAnew: () => writeModel(copy),
      theirWrite: () => toBinary(ModelProtoSchema, theirs),
    });
    const row = (measure: string, mine: number, peer: number): Row => ({
      measure: `${measure}, ${name}`,
      ours: `${mine.toFixed(3)} ms`,
      peers: [
        { name: "onnx-buf (buf)", value: `${peer.toFixed(3)} ms`, ratio: ratioOf(mine, peer) },
      ],
      how: `in memory, median of ${rounds} rounds in turns`,
    });
    return [
      row("reading", times.read, times.theirRead),
      row("writing what was read", times.write, times.theirWrite),
      row("writing every message anew", times.writeAnew, times.theirWrite),
    ];
  });
}

function inTurns<Name extends string>(
  rounds: number,
  work: Record<Name, () => unknown>,
): Record<Name, number> {
  const entries = Object.entries<() => unknown>(work);
  const times = new Map<string, number[]>(entries.map(([name]) => [name, []]));
  for (let round = -3; round < rounds; round += 1)
    for (const [name, run] of entries) {
      const began = performance.now();
      run();
      if (round >= 0) times.get(name)?.push(performance.now() - began);
    }
  return Object.fromEntries(
    entries.map(([name]) => [name, median(times.get(name) ?? [])]),
  ) as Record<Name, number>;
}
