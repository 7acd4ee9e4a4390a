import { runBenchmark } from "./lib/run-benchmark.ts";

runBenchmark("explain/main.ts");
