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
    non2xx: number;
    errors: number;
    timeouts: number;
  };
  /** `latency` is in milliseconds, with a fraction. */
  type OnResponse = (client: object, status: number, bytes: number, latency: number) => void;
  export type Running = Promise<Result> & { on(event: "response", listener: OnResponse): void };
  export default function autocannon(options: Options): Running;
}
