import { expect, it } from "vitest";
import { createLiveView } from "../../../clients/cli/live.ts";
import { createPaint } from "../../../clients/cli/paint.ts";
import { createProgress } from "../../../clients/cli/progress.ts";
import { capture } from "./run-cli.ts";

it("redraws in place and gives the cursor back", () => {
  const { stream, text } = capture({ isTTY: true, columns: 10 });
  const view = createLiveView(stream);
  view.draw("one\ntwo");
  view.draw("a line that takes two rows\nx");
  view.draw("end");
  view.end();
  view.end();
  const drawn = text().split("\u001b[J");
  expect(drawn[0]).toBe("\u001b[?25lone\u001b[K\ntwo\u001b[K\n");
  expect(drawn[1]?.slice(0, 5)).toBe("\u001b[2A\r");
  // 26 columns are three rows of a terminal with 10.
  expect(drawn[2]?.slice(0, 5)).toBe("\u001b[4A\r");
  expect(drawn[3]).toBe("\u001b[?25h");
});

it("writes only what changes away from a terminal", () => {
  const { stream, text } = capture();
  const view = createLiveView(stream);
  for (const one of ["a", "a", "b"]) view.draw(one);
  view.end();
  expect(text()).toBe("a\nb\n");
});

it("shows a bar on a terminal and nothing elsewhere", () => {
  const draw = (terminal: { isTTY?: boolean }) => {
    const { stream, text } = capture(terminal);
    const paint = createPaint(stream, { NO_COLOR: "1" });
    const progress = createProgress(stream, { label: "x.onnx", total: 2_000_000, paint });
    progress.update(1_000_000);
    progress.update(1_000_001);
    progress.update(2_000_000);
    progress.end();
    return text();
  };
  expect(draw({})).toBe("");
  const [, half, whole, cleared] = draw({ isTTY: true }).split("\r\u001b[K");
  expect(half).toMatch(/^x\.onnx █{15}░{15} {2}50 % {2}1\.0 MB of 2\.0 MB/);
  expect(whole).toMatch(/█{30} 100 %/);
  expect(cleared).toBe("");
});
