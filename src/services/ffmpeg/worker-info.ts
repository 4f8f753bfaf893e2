/**
 * What the API and its page show of a program.
 *
 * @module
 */
import type { ServiceInfo } from '../control/index.ts'
import type { WorkerStats } from './child-worker-options.ts'

/** The figures that an operator looks at; what there is none of is left out. */
export function workerInfo(stats: WorkerStats): ServiceInfo {
  const { state, pid, starts, runningMs, nextStartMs, progress, lastExit, log } = stats
  const facts = {
    state,
    pid,
    starts,
    runningMs: runningMs === 0 ? undefined : runningMs,
    nextStartMs,
    frames: progress?.frames,
    fps: progress?.fps,
    speed: progress?.speed,
    bitrateKbps: progress?.bitrateKbps,
    lastExit: lastExit && `${lastExit.reason}, after ${(lastExit.ranMs / 1_000).toFixed(1)} s`,
    log: log.length === 0 ? undefined : log,
  }
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}
