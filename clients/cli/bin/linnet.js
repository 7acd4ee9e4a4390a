#!/usr/bin/env node
// Plain JavaScript, so that a Node too old for the rest can still say so.
const features = process.features;
if (features.typescript === "strip" || features.typescript === "transform") {
  const { main } = await import("../main.ts");
  await main();
} else {
  process.stderr.write(
    `linnet needs Node 22.18 or newer with type stripping; this is ${process.version}.\n` +
      "In a checkout of Linnet, `npx linnet` runs it with the Node that the project brings.\n" +
      "Elsewhere install a newer Node from https://nodejs.org, and leave out --no-strip-types.\n",
  );
  process.exitCode = 2;
}
