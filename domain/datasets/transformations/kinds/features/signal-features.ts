import { type FourierTransform, fourierTransform } from "../../../../signals/fourier-transform.ts";
import type { Field } from "../../../schema.ts";
import type { Cell, Json, TensorCell } from "../../../table.ts";
import { isTensorCell } from "../../engine/row-codec.ts";
import { isNumber, kindOf } from "../../expressions/value-kind.ts";
import { type Parameters, refuse } from "../../parameters.ts";
import {
  amplitudeNear,
  amplitudeSpectrum,
  type Band,
  bandPower,
  envelopeOf,
  powerSpectrum,
  SPECTRAL_STATISTICS,
  spectralStatistics,
} from "../../signals/spectrum.ts";
import { SIGNAL_STATISTICS, signalStatistics } from "../../signals/statistics.ts";
import type { CellFeature, FeatureContext, FeatureKind } from "./feature.ts";

/** A transform of more samples takes more memory than an isolate has to spare. */
const LONGEST = 2 ** 18;
const MOST_BANDS = 100;

/** A signal, and what spectra of it are made with. */
type Signal = { samples: Float64Array; transform: () => FourierTransform; rate_hz: number };
type Measure = (signal: Signal) => number[];

/** `{column, statistics?}`: what a signal's samples are told by; all, where none is named. */
export const signal: FeatureKind = (parameters, context) => {
  const column = signalColumn(parameters, context);
  const statistics = named(parameters, "statistics", SIGNAL_STATISTICS);
  parameters.end();
  return measured(
    { kind: "signal", column: column.name, statistics },
    { column, names: statistics, rate_hz: 1 },
    ({ samples }) => {
      const found = signalStatistics(samples);
      return statistics.map((one) => found[one]);
    },
  );
};

/** `{column, statistics?, sampling_rate_hz?}`: what its power over frequencies is told by. */
export const spectral: FeatureKind = (parameters, context) => {
  const column = signalColumn(parameters, context);
  const statistics = named(parameters, "statistics", SPECTRAL_STATISTICS);
  const rate_hz = rateOf(parameters, column);
  parameters.end();
  return measured(
    { kind: "spectral", column: column.name, statistics, sampling_rate_hz: rate_hz },
    { column, names: statistics, rate_hz },
    ({ samples, transform }) => {
      const power = powerSpectrum(samples, transform());
      const found = spectralStatistics(power, rate_hz / samples.length);
      return statistics.map((one) => found[one]);
    },
  );
};

/** `{column, bands_hz, sampling_rate_hz?}`: the power from the first to before the second frequency of each. */
export const bands: FeatureKind = (parameters, context) => {
  const column = signalColumn(parameters, context);
  const rate_hz = rateOf(parameters, column);
  const path = parameters.at("bands_hz");
  const wanted = parameters
    .list("bands_hz", MOST_BANDS)
    .map((json, at) => readBand(json, `${path}[${at}]`, rate_hz));
  parameters.end();
  return measured(
    {
      kind: "bands",
      column: column.name,
      bands_hz: wanted.map((band) => [...band]),
      sampling_rate_hz: rate_hz,
    },
    { column, names: wanted.map(([from, to]) => `power_${from}_${to}_hz`), rate_hz },
    ({ samples, transform }) => {
      const power = powerSpectrum(samples, transform());
      return wanted.map((band) => bandPower(power, rate_hz / samples.length, band));
    },
  );
};

/**
 * `{column, frequencies: [{name, hz}], harmonics?, tolerance_hz?, band_hz?, sampling_rate_hz?}`: of the
 * envelope of the band, the amplitudes at each frequency and its multiples together; faults of
 * bearings and gears show there.
 */
export const envelope: FeatureKind = (parameters, context) => {
  const column = signalColumn(parameters, context);
  const rate_hz = rateOf(parameters, column);
  const band = bandOf(parameters, rate_hz);
  const harmonics = parameters.integer("harmonics", [1, 50], 3);
  const tolerance_hz = parameters.number("tolerance_hz", [0, rate_hz / 2], 0);
  const frequencies = parameters.objects("frequencies", MOST_BANDS).map((one) => {
    const found = { name: one.newName("name"), hz: one.number("hz", [0, rate_hz / 2]) };
    one.end();
    return found;
  });
  parameters.end();
  return measured(
    {
      kind: "envelope",
      column: column.name,
      frequencies,
      harmonics,
      tolerance_hz,
      band_hz: [...band],
      sampling_rate_hz: rate_hz,
    },
    { column, names: frequencies.map(({ name }) => `envelope_${name}`), rate_hz },
    (one) => {
      const amplitudes = envelopeSpectrum(one, band);
      const resolution_hz = rate_hz / one.samples.length;
      return frequencies.map(({ hz }) => {
        let sum = 0;
        for (let harmonic = 1; harmonic <= harmonics; harmonic += 1)
          if (harmonic * hz <= rate_hz / 2)
            sum += amplitudeNear(amplitudes, resolution_hz, harmonic * hz, tolerance_hz);
        return sum;
      });
    },
  );
};

/** `{column, name?}`: the amplitude of each frequency, 0 to half the rate, as a tensor. */
export const spectrum: FeatureKind = (parameters, context) => {
  const column = signalColumn(parameters, context);
  const name = parameters.newName("name", `${column.name}_spectrum`);
  parameters.end();
  return spectra({ kind: "spectrum", column: column.name, name }, column, name, 1, (one) =>
    amplitudeSpectrum(powerSpectrum(one.samples, one.transform())),
  );
};

/** `{column, band_hz?, name?, sampling_rate_hz?}`: that of the envelope of the band, as a tensor. */
export const envelopeSpectra: FeatureKind = (parameters, context) => {
  const column = signalColumn(parameters, context);
  const rate_hz = rateOf(parameters, column);
  const band = bandOf(parameters, rate_hz);
  const name = parameters.newName("name", `${column.name}_envelope_spectrum`);
  parameters.end();
  return spectra(
    {
      kind: "envelope_spectrum",
      column: column.name,
      band_hz: [...band],
      name,
      sampling_rate_hz: rate_hz,
    },
    column,
    name,
    rate_hz,
    (one) => envelopeSpectrum(one, band),
  );
};

function envelopeSpectrum({ samples, transform, rate_hz }: Signal, band: Band): Float64Array {
  const ring = envelopeOf(samples, transform(), rate_hz / samples.length, band);
  return amplitudeSpectrum(powerSpectrum(ring, transform()));
}

function signalColumn(parameters: Parameters, { schema }: FeatureContext): Field {
  const column = parameters.column("column", schema);
  if (column.shape === undefined || column.shape.length === 0 || !isNumber(kindOf(column.type)))
    refuse(
      parameters.at("column"),
      `'${column.name}' is no signal: expected a column of tensors of numbers, samples last`,
    );
  return column;
}

function named<T extends string>(parameters: Parameters, name: string, known: readonly T[]): T[] {
  return parameters
    .texts(name, known.length, [...known])
    .map(
      (one) =>
        known.find((other) => other === one) ??
        refuse(parameters.at(name), `expected ${known.join(", ")}, found '${one}'`),
    );
}

function rateOf(parameters: Parameters, { name, sampling_rate_hz }: Field): number {
  if (sampling_rate_hz === undefined && !parameters.has("sampling_rate_hz"))
    refuse(
      parameters.at("sampling_rate_hz"),
      `'${name}' does not say its sampling rate; say it here, in samples a second`,
    );
  return parameters.number("sampling_rate_hz", [1e-9, 1e12], sampling_rate_hz);
}

function readBand(json: Json, path: string, rate_hz: number): Band {
  const [from, to, ...more] = Array.isArray(json) ? json : [];
  if (
    typeof from !== "number" ||
    typeof to !== "number" ||
    more.length > 0 ||
    !(from >= 0 && from < to)
  )
    return refuse(path, "expected two frequencies in Hz, the lower first");
  if (from >= rate_hz / 2)
    refuse(path, `${from} Hz is not below half the sampling rate, ${rate_hz / 2} Hz`);
  return [from, to];
}

/** All frequencies, where no band is named. */
const bandOf = (parameters: Parameters, rate_hz: number): Band =>
  readBand(parameters.get("band_hz") ?? [0, rate_hz], parameters.at("band_hz"), rate_hz);

type Measured = { column: Field; names: readonly string[]; rate_hz: number };

/** A number of each name for every signal; a tensor of them where a row has several signals. */
function measured(json: Json, { column, names, rate_hz }: Measured, measure: Measure): CellFeature {
  const shape = (column.shape ?? []).slice(0, -1);
  const transforms = transformsKept();
  return {
    by: "cells",
    json,
    fields: names.map((name): Field => ({
      name: `${column.name}_${name}`,
      type: "float64",
      nullable: true,
      ...(shape.length > 0 ? { shape } : {}),
    })),
    fit: null,
    compute(cells, first) {
      const found: Cell[][] = names.map(() => []);
      for (const [at, cell] of cells(column.name).entries()) {
        const rows = isTensorCell(cell)
          ? signalsOf(cell, { column, row: first + at, rate_hz, transforms }).map(measure)
          : null;
        for (const [place, own] of found.entries())
          own.push(
            rows && isTensorCell(cell)
              ? gathered(
                  rows.map((row) => row[place] ?? Number.NaN),
                  cell,
                )
              : null,
          );
      }
      return found;
    },
  };
}

const gathered = (values: number[], { dims }: TensorCell): Cell =>
  dims.length === 1
    ? (values[0] ?? null)
    : { dims: dims.slice(0, -1), data: Float64Array.from(values) };

function spectra(
  json: Json,
  column: Field,
  name: string,
  rate_hz: number,
  of: (signal: Signal) => Float64Array,
): CellFeature {
  const samples = column.shape?.at(-1);
  const frequencies = typeof samples === "number" ? Math.floor(samples / 2) + 1 : null;
  const transforms = transformsKept();
  return {
    by: "cells",
    json,
    fields: [
      {
        name,
        type: "float32",
        nullable: true,
        shape: [...(column.shape ?? []).slice(0, -1), frequencies],
      },
    ],
    fit: null,
    compute: (cells, first) => [
      cells(column.name).map((cell, at): Cell => {
        if (!isTensorCell(cell)) return null;
        const rows = signalsOf(cell, { column, row: first + at, rate_hz, transforms }).map(of);
        const length = Math.floor((cell.dims.at(-1) ?? 0) / 2) + 1;
        const data = new Float32Array(rows.length * length);
        for (const [channel, row] of rows.entries()) data.set(row, channel * length);
        return { dims: [...cell.dims.slice(0, -1), length], data };
      }),
    ],
  };
}

type Of = {
  column: Field;
  row: number;
  rate_hz: number;
  transforms: (length: number) => FourierTransform;
};

/** The signals of a row, one for each place of the axes before the last. */
function signalsOf({ dims, data }: TensorCell, { column, row, rate_hz, transforms }: Of): Signal[] {
  const length = dims.at(-1) ?? 0;
  if (length < 2)
    refuse(
      "parameters.features",
      `row ${row} of '${column.name}' has ${length} samples; a signal has at least 2`,
    );
  const transform = (): FourierTransform => {
    if (length > LONGEST)
      refuse(
        "parameters.features",
        `row ${row} of '${column.name}' has ${length} samples; spectra are of at most ${LONGEST}: cut it into windows`,
      );
    return transforms(length);
  };
  return Array.from({ length: data.length / length }, (_, channel) => ({
    samples: Float64Array.from(data.subarray(channel * length, (channel + 1) * length), Number),
    transform,
    rate_hz,
  }));
}

/** The transform of the length that was asked for last. */
function transformsKept(): (length: number) => FourierTransform {
  let kept: { length: number; transform: FourierTransform } | undefined;
  return (length) => {
    if (kept?.length !== length) kept = { length, transform: fourierTransform(length) };
    return kept.transform;
  };
}
