import type { TestProject } from "vitest/node";
import { findChromium } from "./webgpu/support/chromium.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The file of a Chromium; null where there is none. */
    chromium: string | null;
  }
}

/** Finds a browser, or says why the suite is skipped. */
export default function setup({ provide }: TestProject): void {
  const chromium = findChromium();
  if (chromium === undefined)
    console.warn(
      "\nThe browser suite is SKIPPED: no Chromium is in the usual places; set CHROMIUM to its file.\n",
    );
  provide("chromium", chromium ?? null);
}
