import { runBenchmark } from "./lib/run-benchmark.ts";

runBenchmark("onnx/main.ts");
