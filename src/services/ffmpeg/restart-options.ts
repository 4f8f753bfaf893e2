/**
 * How programs are run, and run again.
 *
 * @module
 */
import { z } from 'zod'

/** What all that run programs take. */
export interface RestartOptions {
  /** Least wait before it is started again, ms; it doubles with each failure in a row. @defaultValue 1000 */
  readonly minRestartDelayMs?: number
  /** Longest wait before it is started again, ms. @defaultValue 30000 */
  readonly maxRestartDelayMs?: number
  /** Failures in a row after which it is given up; `Infinity`: never. @defaultValue 10 */
  readonly maxRestarts?: number
  /**
   * A run that lasts so long was no failure, ms: waits and failures count from the beginning again.
   * @defaultValue 30000
   */
  readonly stableAfterMs?: number
  /** How long it may take to end after SIGTERM, before SIGKILL, ms. @defaultValue 3000 */
  readonly stopTimeoutMs?: number
  /** Its priority: 0 that of everything, 19 the least. Media goes before. @defaultValue 10 */
  readonly niceness?: number
}

/** Defaults of {@link RestartOptions}. */
export const RESTART_DEFAULTS: Required<RestartOptions> = {
  minRestartDelayMs: 1_000,
  maxRestartDelayMs: 30_000,
  maxRestarts: 10,
  stableAfterMs: 30_000,
  stopTimeoutMs: 3_000,
  niceness: 10,
}

/** For the schemas of those who take them. */
export const restartShape = {
  minRestartDelayMs: z.number().positive().default(RESTART_DEFAULTS.minRestartDelayMs),
  maxRestartDelayMs: z.number().positive().default(RESTART_DEFAULTS.maxRestartDelayMs),
  maxRestarts: z.union([z.int().nonnegative(), z.literal(Infinity)]).default(RESTART_DEFAULTS.maxRestarts),
  stableAfterMs: z.number().positive().default(RESTART_DEFAULTS.stableAfterMs),
  stopTimeoutMs: z.number().positive().default(RESTART_DEFAULTS.stopTimeoutMs),
  niceness: z.int().min(-20).max(19).default(RESTART_DEFAULTS.niceness),
}
