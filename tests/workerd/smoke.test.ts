import { env, exports } from "cloudflare:workers";
import { expect, it } from "vitest";

it("works", async () => {
  const r = await exports.default.fetch("http://x/health/deep");
  console.log(await r.text());
  const a = env.KEY.getByName("x");
  expect(await a.usage(3)).toEqual([]);
});
