import { runBenchmark } from "./lib/run-benchmark.ts";

runBenchmark("main.ts");
