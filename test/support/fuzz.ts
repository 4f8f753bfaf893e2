/** How often a property test tries. */

/** A developer's run takes this part of the whole. */
const LOCAL_PART = 1 / 4

/**
 * Runs of a property test whose whole count is `whole`: a quarter of it, so that `npm test` stays short; all of it with
 * `FUZZ_RUNS=whole`, as in `.ci/run`; another number with `FUZZ_RUNS=20000`.
 */
export function fuzzRuns(whole: number): number {
  const wanted = process.env['FUZZ_RUNS'] ?? ''
  if (wanted === 'whole') return whole
  return /^\d+$/.test(wanted) ? Number(wanted) : Math.ceil(whole * LOCAL_PART)
}
