import type { CallOptions, Linnet } from "./client.ts";
import type { DeepHealth, Health, SetUpResult } from "./wire.ts";

/** Creates the first administrator and its key, once in the life of a platform. */
export const setUp = (
  client: Linnet,
  { token, name }: { token: string; name?: string | undefined },
  options?: CallOptions,
): Promise<SetUpResult> =>
  client.call(
    {
      method: "POST",
      path: "/v1/setup",
      headers: { authorization: `Bearer ${token}` },
      json: { name },
      repeatable: false,
    },
    options,
  );

/** Whether the platform answers. */
export const health = (client: Linnet, options?: CallOptions): Promise<Health> =>
  client.call({ method: "GET", path: "/health", repeatable: true }, options);

/** Whether requests can be served; `failed` is an answer, not an error. */
export const ready = (client: Linnet, options?: CallOptions): Promise<Health> =>
  client.call({ method: "GET", path: "/health/ready", repeatable: true, alsoFine: 503 }, options);

/** Every dependency with the time it took to answer; `failed` is an answer, not an error. */
export const healthDeep = (client: Linnet, options?: CallOptions): Promise<DeepHealth> =>
  client.call({ method: "GET", path: "/health/deep", repeatable: true, alsoFine: 503 }, options);
