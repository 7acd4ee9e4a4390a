import { build } from "esbuild";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const RUNTIME = dirname(fileURLToPath(import.meta.resolve("onnxruntime-web/webgpu")));
const TYPES: Readonly<Record<string, string>> = {
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

export type Served = { url: string; stop: () => Promise<void> };

/** Serves an empty page, the bundled module `/page.mjs` for it, and the files of ONNX Runtime. */
export async function servePage(): Promise<Served> {
  const script = await bundled(join(import.meta.dirname, "page.ts"));
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    const answer = (type: string, body: string | Uint8Array): void => {
      response.writeHead(200, { "content-type": type }).end(body);
    };
    if (path === "/") return answer("text/html", "<!doctype html><title>WebGPU</title>");
    if (path === "/page.mjs") return answer("text/javascript", script);
    readFile(join(RUNTIME, basename(path))).then(
      (bytes) => answer(TYPES[extname(path)] ?? "application/octet-stream", bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bundled(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    target: "esnext",
    conditions: ["onnxruntime-web-use-extern-wasm"],
  });
  const [file] = outputFiles;
  if (file) return file.contents;
  throw new Error(`${entry} gave no bundle`);
}
