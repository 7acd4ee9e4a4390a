import { describe, expect, it } from "vitest";
import { normalSf } from "../../../domain/statistics/normal.ts";
import { studentTQuantile, studentTSf } from "../../../domain/statistics/student-t.ts";
import quantiles from "../vectors/statistics/student_t_quantile.json";
import tails from "../vectors/statistics/student_t_sf.json";
import { relativeError } from "./relative-error.ts";

describe("Student's t distribution", () => {
  it.each(tails.cases)("has its upper tail at $t with $df degrees", ({ t, df, sf }) => {
    expect(relativeError(studentTSf(Number(t), Number(df)), sf)).toBeLessThan(1e-13);
  });

  it.each(quantiles.cases)("has the $p quantile $t with $df degrees", ({ p, df, t }) => {
    expect(relativeError(studentTQuantile(p, df), t)).toBeLessThan(1e-13);
    expect(studentTQuantile(1 - p, df)).toBeCloseTo(-t, 9);
  });

  it("is symmetric about 0", () => {
    expect(studentTSf(-1, 1)).toBeCloseTo(0.75, 15);
    expect(studentTQuantile(0.5, 3)).toBe(0);
  });

  it.each([0.5, 2, 10])("becomes normal as degrees grow without end, at t = %d", (t) => {
    expect(relativeError(studentTSf(t, 1e18), normalSf(t))).toBeLessThan(1e-14);
  });

  it("survives a t whose square overflows", () => {
    expect(studentTSf(1e200, 5)).toBe(0);
  });
});
