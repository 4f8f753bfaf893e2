/** What a file of `cases/` exports: the same work, done by several contestants, measured turn by turn in one run. */

/** Does the work of one call; the return value is compared with {@link BenchCase.expected} before anything is timed. */
export type Contestant = () => number | Promise<number>

export interface BenchCase {
  readonly name: string
  /** What is counted: `message`, `tag`, `MB` … */
  readonly unit: string
  /** How many units one call does. */
  readonly unitsPerCall: number
  /** What each contestant's call must return, so that all of them did the work. */
  readonly expected: number
  /** Contestants by name. The first is the one that the ratios refer to. */
  readonly contestants: Readonly<Record<string, Contestant>>
}
