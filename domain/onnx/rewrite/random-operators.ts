/** Operators that give other numbers each time, so that they are neither computed ahead nor merged. */
export const RANDOM_OPERATORS: ReadonlySet<string> = new Set([
  "Bernoulli",
  "Dropout",
  "Multinomial",
  "RandomNormal",
  "RandomNormalLike",
  "RandomUniform",
  "RandomUniformLike",
]);
