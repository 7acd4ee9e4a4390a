/** Turns real and imaginary parts into those of their transform, in place. */
export type FourierTransform = (real: Float64Array, imaginary: Float64Array) => void;

/**
 * The discrete Fourier transform X[k] = sum x[n] exp(-2 pi i k n / length) for one length, of any size: a power of two
 * by halving (Cooley & Tukey 1965), any other as a convolution of such a length (Bluestein 1970). What it is made of is
 * kept for all calls; time grows with length log(length).
 */
export function fourierTransform(length: number): FourierTransform {
  if (!Number.isSafeInteger(length) || length < 1)
    throw new RangeError(`a transform of length ${length}`);
  return Number.isInteger(Math.log2(length)) ? halving(length) : chirped(length);
}

/** The inverse of a transform: conjugated on the way in and out, and divided by the length. */
export const inverse =
  (transform: FourierTransform): FourierTransform =>
  (real, imaginary) => {
    for (let at = 0; at < imaginary.length; at += 1) imaginary[at] = -(imaginary[at] ?? 0);
    transform(real, imaginary);
    const { length } = real;
    for (let at = 0; at < length; at += 1) {
      real[at] = (real[at] ?? 0) / length;
      imaginary[at] = -(imaginary[at] ?? 0) / length;
    }
  };

function halving(length: number): FourierTransform {
  const cosines = Float64Array.from({ length: length / 2 }, (_, k) =>
    Math.cos((2 * Math.PI * k) / length),
  );
  const sines = Float64Array.from({ length: length / 2 }, (_, k) =>
    Math.sin((2 * Math.PI * k) / length),
  );
  return (real, imaginary) => {
    reverseBits(real, imaginary);
    for (let size = 2; size <= length; size *= 2) {
      const half = size / 2;
      const step = length / size;
      for (let start = 0; start < length; start += size)
        for (let k = 0; k < half; k += 1) {
          const low = start + k;
          const high = low + half;
          const cosine = cosines[k * step] ?? 0;
          const sine = sines[k * step] ?? 0;
          const a = real[high] ?? 0;
          const b = imaginary[high] ?? 0;
          const turnedReal = a * cosine + b * sine;
          const turnedImaginary = b * cosine - a * sine;
          real[high] = (real[low] ?? 0) - turnedReal;
          imaginary[high] = (imaginary[low] ?? 0) - turnedImaginary;
          real[low] = (real[low] ?? 0) + turnedReal;
          imaginary[low] = (imaginary[low] ?? 0) + turnedImaginary;
        }
    }
  };
}

function reverseBits(real: Float64Array, imaginary: Float64Array): void {
  const { length } = real;
  for (let at = 1, reversed = 0; at < length; at += 1) {
    let bit = length >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (at >= reversed) continue;
    [real[at], real[reversed]] = [real[reversed] ?? 0, real[at] ?? 0];
    [imaginary[at], imaginary[reversed]] = [imaginary[reversed] ?? 0, imaginary[at] ?? 0];
  }
}

/** As n k = (n^2 + k^2 - (k - n)^2) / 2, the sum is a convolution with the chirp exp(i pi n^2 / length). */
function chirped(length: number): FourierTransform {
  const size = 2 ** Math.ceil(Math.log2(2 * length - 1));
  const forward = halving(size);
  const backward = inverse(forward);
  // n^2 is taken modulo 2 length, where the chirp repeats, before it loses digits as an angle.
  const angle = (n: number): number => (Math.PI * ((n * n) % (2 * length))) / length;
  const cosines = Float64Array.from({ length }, (_, n) => Math.cos(angle(n)));
  const sines = Float64Array.from({ length }, (_, n) => Math.sin(angle(n)));
  const kernelReal = new Float64Array(size);
  const kernelImaginary = new Float64Array(size);
  for (let n = 0; n < length; n += 1)
    for (const at of n === 0 ? [0] : [n, size - n]) {
      kernelReal[at] = cosines[n] ?? 0;
      kernelImaginary[at] = sines[n] ?? 0;
    }
  forward(kernelReal, kernelImaginary);
  const paddedReal = new Float64Array(size);
  const paddedImaginary = new Float64Array(size);
  return (real, imaginary) => {
    paddedReal.fill(0);
    paddedImaginary.fill(0);
    turned(real, imaginary, { cosines, sines }, paddedReal, paddedImaginary);
    forward(paddedReal, paddedImaginary);
    for (let at = 0; at < size; at += 1) {
      const [a, b] = [paddedReal[at] ?? 0, paddedImaginary[at] ?? 0];
      const [c, d] = [kernelReal[at] ?? 0, kernelImaginary[at] ?? 0];
      paddedReal[at] = a * c - b * d;
      paddedImaginary[at] = a * d + b * c;
    }
    backward(paddedReal, paddedImaginary);
    turned(paddedReal, paddedImaginary, { cosines, sines }, real, imaginary);
  };
}

/** Multiplies by the conjugate of the chirp, as far as that goes. */
function turned(
  real: Float64Array,
  imaginary: Float64Array,
  { cosines, sines }: { cosines: Float64Array; sines: Float64Array },
  intoReal: Float64Array,
  intoImaginary: Float64Array,
): void {
  for (let n = 0; n < cosines.length; n += 1) {
    const [a, b] = [real[n] ?? 0, imaginary[n] ?? 0];
    const [cosine, sine] = [cosines[n] ?? 0, sines[n] ?? 0];
    intoReal[n] = a * cosine + b * sine;
    intoImaginary[n] = b * cosine - a * sine;
  }
}
