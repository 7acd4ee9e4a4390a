import { execFile } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export type WorkerSource = { name: string; config: string; output: string };

/** The Workers that have code, and where it is built to. */
export const WORKERS: readonly WorkerSource[] = [
  { name: "linnet", config: "wrangler.toml", output: "dist/api" },
  { name: "linnet-inference", config: "workers/inference/wrangler.toml", output: "dist/inference" },
  { name: "linnet-compute", config: "workers/compute/wrangler.toml", output: "dist/compute" },
  { name: "linnet-explain", config: "workers/explain/wrangler.toml", output: "dist/explain" },
  { name: "linnet-data", config: "workers/data/wrangler.toml", output: "dist/data" },
];
/** The Worker that is only static files. */
export const PAGES = { name: "linnet-pages", config: "workers/pages/wrangler.toml" };

const SWAGGER = ["swagger-ui.css", "swagger-ui-bundle.js"];
const REFERENCE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Linnet API</title>
    <link rel="stylesheet" href="swagger-ui.css" />
    <link rel="icon" href="data:," />
  </head>
  <body>
    <div id="reference"></div>
    <script src="swagger-ui-bundle.js"></script>
    <script>
      SwaggerUIBundle({
        url: "/openapi.json",
        dom_id: "#reference",
        deepLinking: true,
        docExpansion: "list",
        defaultModelsExpandDepth: 0,
        persistAuthorization: false,
        validatorUrl: null,
      });
    </script>
  </body>
</html>
`;

/** The static files of the reference page, self-hosted so that it needs nobody else's network. */
export async function buildPages(): Promise<void> {
  const docs = join(ROOT, "dist/pages/docs");
  await mkdir(docs, { recursive: true });
  const source = dirname(fileURLToPath(import.meta.resolve("swagger-ui-dist/package.json")));
  await Promise.all([
    ...SWAGGER.map((file) => copyFile(join(source, file), join(docs, file))),
    writeFile(join(docs, "index.html"), REFERENCE),
  ]);
}

/** Builds the Workers exactly as a deployment would. */
export async function buildWorkers(): Promise<void> {
  await buildPages();
  const wrangler = join(ROOT, "node_modules/.bin/wrangler");
  await Promise.all(
    WORKERS.map(({ config, output }) =>
      promisify(execFile)(
        wrangler,
        ["deploy", "--dry-run", `--config=${join(ROOT, config)}`, `--outdir=${join(ROOT, output)}`],
        { cwd: ROOT },
      ),
    ),
  );
}
