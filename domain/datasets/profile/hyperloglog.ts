const PRECISION = 12;
const REGISTERS = 1 << PRECISION;
/** The greatest rank of a 32-bit word: 32 zeros and one beyond. */
const GREATEST = 33;

/**
 * How many different values there were, from registers of the longest runs of zeros in their hashes
 * (HyperLogLog, Flajolet et al. 2007): 4,096 registers, a standard error of 1.04 / sqrt(4096) =
 * 1.6 %. Merging takes the greater of each pair of registers, which is what one pass gives.
 */
export class HyperLogLog {
  readonly registers: Uint8Array;

  constructor(registers: Uint8Array = new Uint8Array(REGISTERS)) {
    this.registers = registers;
  }

  /** Two independent 32-bit words of a value's hash. */
  add(first: number, second: number): void {
    const index = first >>> (32 - PRECISION);
    const rank = Math.clz32(second) + 1;
    if (rank > (this.registers[index] ?? 0)) this.registers[index] = rank;
  }

  merge({ registers }: HyperLogLog): void {
    for (const [index, rank] of registers.entries())
      if (rank > (this.registers[index] ?? 0)) this.registers[index] = rank;
  }

  /** By the estimator of Ertl (2017, "New cardinality estimation algorithms for HyperLogLog sketches", algorithm 6), which is unbiased at every size without tables. */
  estimate(): number {
    const counts = new Float64Array(GREATEST + 1);
    for (const rank of this.registers) counts[rank] = (counts[rank] ?? 0) + 1;
    const at = (rank: number): number => counts[rank] ?? 0;
    let sum = REGISTERS * tau(1 - at(GREATEST) / REGISTERS);
    for (let rank = GREATEST - 1; rank >= 1; rank--) sum = (sum + at(rank)) / 2;
    sum += REGISTERS * sigma(at(0) / REGISTERS);
    return Math.round(REGISTERS ** 2 / (2 * Math.LN2 * sum));
  }
}

/** x + the sum over k >= 1 of x^(2^k) 2^(k-1). */
function sigma(x: number): number {
  if (x === 1) return Infinity;
  let [power, factor, sum, before] = [x, 1, x, -1];
  while (sum !== before) {
    before = sum;
    power *= power;
    sum += power * factor;
    factor *= 2;
  }
  return sum;
}

/** (1 - x - the sum over k >= 1 of (1 - x^(2^-k))^2 2^-k) / 3. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let [root, factor, sum, before] = [x, 1, 1 - x, -1];
  while (sum !== before) {
    before = sum;
    root = Math.sqrt(root);
    factor /= 2;
    sum -= (1 - root) ** 2 * factor;
  }
  return sum / 3;
}
