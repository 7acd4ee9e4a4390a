import { runBenchmark } from "./lib/run-benchmark.ts";

runBenchmark("datasets/main.ts");
