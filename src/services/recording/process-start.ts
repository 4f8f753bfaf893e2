/**
 * Distinguishes a process from an earlier one with the same id.
 *
 * @module
 */
import { readFileSync } from 'node:fs'

/** Position of `starttime` after the name of the program: field 22, the name is field 2. proc(5). */
const START_TIME_AT = 22 - 3

/** The form of {@link processStart} on Linux: ticks since the boot, and the boot. */
const LINUX_FORM = /^[\da-z]+_[\da-f]{8}$/

/** Whether `start` can be compared with {@link processStart} of another process. */
export function isComparableStart(start: string): boolean {
  return LINUX_FORM.test(start)
}

/**
 * The start of a process, the same for everybody who asks on this machine, and another for each process that
 * ever has this id.
 * @returns `undefined` if the system does not say: it is not Linux, hides the process, or there is no such
 *   process.
 */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
    // The name stands in parentheses, and may have some, and spaces, itself.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME_AT]
    return `${Number(ticks).toString(36)}_${boot.slice(0, 8)}`
  } catch {
    return undefined
  }
}
