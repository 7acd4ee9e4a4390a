/** What the benchmarks use of autocannon, which ships no types. */
declare module "autocannon" {
  export type Request = {
    method: string;
    path: string;
    headers: Record<string, string>;
    body?: string;
  };
  export type Options = {
    url: string;
    connections: number;
    duration: number;
    requests: (Omit<Request, "body"> & { setupRequest: (request: Request) => Request })[];
  };
  export type Result = {
    duration: number;
    requests: { total: number };
    latency: { p50: number; p99: number };
    non2xx: number;
    errors: number;
    timeouts: number;
  };
  export default function autocannon(options: Options): Promise<Result>;
}
