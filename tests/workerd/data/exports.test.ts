import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { Inspection } from "../../../domain/datasets/inspection.ts";
import type { StoredFile } from "../../../contract/dataset-record.ts";
import { valueOf } from "../support/granted.ts";

const ROWS = 200_000;

it("an export that its reader gives up lets the next begin", async () => {
  const bytes = new TextEncoder().encode(
    `id,text\n${Array.from({ length: ROWS }, (_, row) => `${row},row number ${row}\n`).join("")}`,
  );
  await env.DATASETS.put("exported", bytes);
  const extents = [{ key: "exported", offset: 0, length: bytes.length }];
  const file: StoredFile = { format: "csv", read_options: {}, size_bytes: bytes.length, extents };
  const { inspection } = valueOf<{ inspection: Inspection }>(await env.DATA.inspect(file));
  const begin = async () => valueOf(await env.DATA.exportAs({ ...file, inspection }, "json"));
  // Two are written at once, and who waits for their end waits ten seconds.
  for (let given = 0; given < 8; given += 1) {
    const reader = (await begin()).getReader();
    expect((await reader.read()).done).toBe(false);
    await reader.cancel();
  }
  const lines = (await new Response(await begin()).text()).trimEnd().split("\n");
  expect(lines.length).toBe(ROWS);
});
