import { runBenchmark } from "./lib/run-benchmark.ts";

runBenchmark("experiments/main.ts");
