// A Worker that answers single OFREP evaluations from flagd's own evaluator and does nothing else.
// FLAGS is the flag set, which the bundler puts in.
import { FlagdCore } from "@openfeature/flagd-core";

const silent = { error() {}, warn() {}, info() {}, debug() {} };
const core = new FlagdCore(undefined, silent, { disableDynamicCodeGeneration: true });
core.setConfigurations(FLAGS);
const PATH = "/ofrep/v1/evaluate/flags/";

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    const key = decodeURIComponent(pathname.slice(PATH.length));
    const flag = pathname.startsWith(PATH) ? core.getFlag(key) : undefined;
    if (!flag) return Response.json({ key, errorCode: "FLAG_NOT_FOUND" }, { status: 404 });
    const { context } = await request.json();
    const { value, variant, reason, flagMetadata: metadata } = flag.evaluate(context);
    return Response.json({ key, value, variant, reason, metadata });
  },
};
