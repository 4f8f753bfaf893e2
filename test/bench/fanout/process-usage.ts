/** What processes use, as they or the system tell. */
import { readdirSync, readFileSync } from 'node:fs'

/** User and system time of this process so far, µs. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Time that the main thread of a process was ready to run and had no core, µs. 0 where the system does not tell (not Linux). */
export function coreWaitMicros(pid: number | 'self' = 'self'): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1]) / 1000
  } catch {
    return 0
  }
}

/**
 * CPU time of the main thread of this process so far, µs: not that of V8's helpers, which collect garbage and compile. Where the system does
 * not tell (not Linux), of all threads.
 */
export function mainThreadMicros(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[0]) / 1000
  } catch {
    return cpuMicros()
  }
}

/** What another process uses. */
export interface ProcessUsage {
  readonly cpuMicros: number
  readonly rssBytes: number
}

/** Clock ticks of `/proc` (USER_HZ), which is 100 for every architecture that Node runs on. */
const TICK_MICROS = 10_000

/** A process and its children, from `/proc`. @throws where there is none. */
export function processTree(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(processTree)]
}

/** What `pid` uses, from `/proc`. */
export function usageOf(pid: number): ProcessUsage {
  // Behind the name, which may hold anything: state, then 10 numbers, then user and system time (proc(5)).
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const rssKb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  return {
    cpuMicros: (Number(fields[11]) + Number(fields[12])) * TICK_MICROS,
    rssBytes: Number(rssKb ?? 0) * 1024,
  }
}
