import { canonicalJson } from "../../text/canonical-json.ts";
import type { ColumnProfile } from "../inspection.ts";
import { cdfOfProfile } from "../profile/cdf.ts";
import type { Profiler } from "../profile/profiler.ts";
import type { Json } from "../table.ts";
import {
  kolmogorovSmirnovDistance,
  numericStability,
  populationStability,
  type Distance,
} from "./drift.ts";

type Change<T> = { before: T; after: T };

export type ProfileChange = {
  column: string;
  /** Shares of cells. */
  nulls: Change<number>;
  mean: Change<number> | null;
  /** The change of the mean in standard deviations of before; null where those are 0 or not known. */
  standardised_mean_change: number | null;
  distinct: (Change<number> & { is_exact: boolean }) | null;
  /** Values that only one side has; null where either has more than its profile names. */
  categories: { added: Json[]; lost: Json[] } | null;
  /** Of the numbers, or of the categories; null where there are none to compare. */
  population_stability_index: number | null;
  /** Of the numbers. */
  kolmogorov_smirnov: Distance | null;
};

export type ProfileComparison = {
  added: string[];
  removed: string[];
  /** Columns of both, those that moved most first. */
  columns: ProfileChange[];
};

/**
 * How the values of columns of one name have moved between two profiles. Distances of numbers come
 * from the quantiles and histograms of the profiles, whose shares are known at some thirty places,
 * or from the profilers themselves where they are given, which know them at hundreds or all.
 */
export function compareProfiles(
  before: readonly ColumnProfile[],
  after: readonly ColumnProfile[],
  profilers?: Change<Profiler>,
): ProfileComparison {
  const [old, fresh] = [byName(before), byName(after)];
  const columns = before.flatMap((was) => {
    const is = fresh.get(was.name);
    return is === undefined ? [] : [changeOf(was, is, profilers)];
  });
  const size = ({ population_stability_index: index }: ProfileChange): number => index ?? 0;
  return {
    added: after.map(({ name }) => name).filter((name) => !old.has(name)),
    removed: before.map(({ name }) => name).filter((name) => !fresh.has(name)),
    columns: columns.sort((a, b) => size(b) - size(a)),
  };
}

const byName = (profiles: readonly ColumnProfile[]): Map<string, ColumnProfile> =>
  new Map(profiles.map((profile) => [profile.name, profile]));

function changeOf(
  was: ColumnProfile,
  is: ColumnProfile,
  profilers: Change<Profiler> | undefined,
): ProfileChange {
  const column = was.name;
  const [before, after] = [
    { cdf: profilers?.before.cdf(column) ?? cdfOfProfile(was) ?? [], count: finiteCount(was) },
    { cdf: profilers?.after.cdf(column) ?? cdfOfProfile(is) ?? [], count: finiteCount(is) },
  ];
  const isNumeric = before.cdf.length > 0 && after.cdf.length > 0;
  return {
    column,
    nulls: { before: nullShare(was), after: nullShare(is) },
    mean: bothOf(was.mean, is.mean),
    standardised_mean_change: standardisedChange(was, is),
    distinct: distinctOf(was, is),
    categories: categoriesOf(was, is),
    population_stability_index: isNumeric
      ? numericStability(before, after)
      : categoryStability(was, is),
    kolmogorov_smirnov: isNumeric ? kolmogorovSmirnovDistance(before.cdf, after.cdf) : null,
  };
}

const finiteCount = ({ count, nulls, not_finite = 0, elements }: ColumnProfile): number =>
  (elements ?? count - nulls) - not_finite;

const nullShare = ({ nulls, count }: ColumnProfile): number => (count === 0 ? 0 : nulls / count);

const bothOf = (before: number | undefined, after: number | undefined): Change<number> | null =>
  before === undefined || after === undefined ? null : { before, after };

function standardisedChange(was: ColumnProfile, is: ColumnProfile): number | null {
  const means = bothOf(was.mean, is.mean);
  if (means === null || !was.standard_deviation) return null;
  const change = means.after / was.standard_deviation - means.before / was.standard_deviation;
  return Number.isFinite(change) ? change : null;
}

function distinctOf(was: ColumnProfile, is: ColumnProfile): ProfileChange["distinct"] {
  const numbers = bothOf(was.distinct, is.distinct);
  const is_exact = was.distinct_is_exact === true && is.distinct_is_exact === true;
  return numbers && { ...numbers, is_exact };
}

/** All values of a column with their counts, by their JSON; null where the profile does not name all. */
function allValues({
  top = [],
  distinct,
  distinct_is_exact,
}: ColumnProfile): Map<
  string,
  { value: object | string | number | boolean | null; count: number }
> | null {
  if (distinct_is_exact !== true || distinct !== top.length) return null;
  return new Map(top.map((one) => [canonicalJson(one.value), one]));
}

function categoriesOf(was: ColumnProfile, is: ColumnProfile): ProfileChange["categories"] {
  const [before, after] = [allValues(was), allValues(is)];
  if (before === null || after === null) return null;
  const only = (these: typeof before, those: typeof before): Json[] =>
    [...these].filter(([key]) => !those.has(key)).map(([, { value }]) => value as Json);
  return { added: only(after, before), lost: only(before, after) };
}

/** Over the values that either profile names and one bin for all others. */
function categoryStability(was: ColumnProfile, is: ColumnProfile): number | null {
  const [before, after] = [was, is].map(
    ({ top = [] }) => new Map(top.map(({ value, count }) => [canonicalJson(value), count])),
  );
  if (before === undefined || after === undefined || before.size === 0 || after.size === 0)
    return null;
  const names = [...before.keys()].filter((name) => after.has(name) || isComplete(is));
  const others = [...after.keys()].filter((name) => !before.has(name) && isComplete(was));
  const areAllNamed = isComplete(was) && isComplete(is);
  const counts = (profile: ColumnProfile, found: Map<string, number>): number[] => {
    const named = [...names, ...others].map((name) => found.get(name) ?? 0);
    const rest = finiteCount(profile) - named.reduce((sum, count) => sum + count, 0);
    return areAllNamed ? named : [...named, Math.max(0, rest)];
  };
  return populationStability(counts(was, before), counts(is, after));
}

const isComplete = (profile: ColumnProfile): boolean => allValues(profile) !== null;
