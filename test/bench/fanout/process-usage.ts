/** What a process can tell of itself. */
import { readFileSync } from 'node:fs'

/** User and system time of this process so far, µs. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Time that this process's main thread was ready to run and had no core, µs. 0 where the system does not tell (not Linux). */
export function coreWaitMicros(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[1]) / 1000
  } catch {
    return 0
  }
}
