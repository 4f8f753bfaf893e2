/**
 * Files in `/proc` of Linux that statistics need: proc(5).
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'

/** Text of a small file of the kernel, `undefined` if there is none. */
export function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Names of the disks, without partitions and disks made of others. */
export function readDiskNames(): string[] {
  try {
    return readdirSync('/sys/block').filter((name) => !/^(loop|ram|zram|dm-|md|sr|fd)/.test(name))
  } catch {
    return []
  }
}

/** Fields of `/proc/self/stat` after the name, in order. Memory addresses are omitted from statistics. */
const SELF_STAT_FIELDS = [
  'ppid', 'pgrp', 'session', 'tty_nr', 'tpgid', 'flags', 'minflt', 'cminflt', 'majflt', 'cmajflt', 'utime', 'stime',
  'cutime', 'cstime', 'priority', 'nice', 'num_threads', 'itrealvalue', 'starttime', 'vsize', 'rss', 'rsslim',
  'startcode', 'endcode', 'startstack', 'kstkesp', 'kstkeip', 'signal', 'blocked', 'sigignore', 'sigcatch', 'wchan',
  'nswap', 'cnswap', 'exit_signal', 'processor', 'rt_priority', 'policy', 'delayacct_blkio_ticks', 'guest_time',
  'cguest_time',
] as const // prettier-ignore

/** A field of {@link SelfStat} with a number. */
export type SelfStatField = (typeof SELF_STAT_FIELDS)[number]

/** `/proc/self/stat`. Times are in ticks of a hundredth of a second. */
export interface SelfStat {
  /** Process id. */
  readonly pid: number
  /** Name of the program. */
  readonly comm: string
  /** One letter: `R`, `S` … */
  readonly state: string
  /** All other fields. Values beyond 2^53 (no limit) are rounded. */
  readonly fields: Readonly<Record<SelfStatField, number>>
}

/** Reads `/proc/self/stat`; `undefined` for an invalid text. */
export function parseSelfStat(text: string): SelfStat | undefined {
  // The name may contain blanks and parentheses itself.
  const match = /^(\d+) \(([\s\S]*)\) (\S) ([-\d ]+)\s*$/.exec(text)
  if (match === null) return undefined
  const values = match[4]!.split(' ').map(Number)
  const fields = Object.fromEntries(SELF_STAT_FIELDS.map((name, i) => [name, values[i] ?? 0]))
  return {
    pid: Number(match[1]),
    comm: match[2]!,
    state: match[3]!,
    fields: fields as Record<SelfStatField, number>,
  }
}

const CPU_FIELDS = ['user', 'nice', 'sys', 'idle', 'iowait', 'irq', 'softirq', 'steal', 'guest'] as const

/** Time of all processors together since the start of the machine, in ticks of a hundredth of a second. */
export type CpuTimes = Readonly<Record<(typeof CPU_FIELDS)[number], number>>

/** The first line of `/proc/stat`. */
export function parseCpuTimes(text: string): CpuTimes | undefined {
  const match = /^cpu +([\d ]+)$/m.exec(text)
  if (match === null) return undefined
  const values = match[1]!.split(' ').map(Number)
  return Object.fromEntries(CPU_FIELDS.map((name, i) => [name, values[i] ?? 0])) as CpuTimes
}

/** `Name: 123 kB` lines of `/proc/meminfo`, in kB. */
export function parseMeminfo(text: string): ReadonlyMap<string, number> {
  return new Map(Array.from(text.matchAll(/^(\S+): +(\d+)/gm), (match) => [match[1]!, Number(match[2])]))
}

/** Bytes of one network interface since the start of the machine. */
export interface InterfaceBytes {
  /** `eth0` … */
  readonly name: string
  /** Received. */
  readonly received: number
  /** Sent. */
  readonly sent: number
}

/** `/proc/net/dev`. */
export function parseNetDev(text: string): InterfaceBytes[] {
  return Array.from(text.matchAll(/^ *([^\s:]+): *(\d+)(?: +\d+){7} +(\d+)/gm), (match) => ({
    name: match[1]!,
    received: Number(match[2]),
    sent: Number(match[3]),
  }))
}

/** A value of `/proc/net/sockstat` or `sockstat6`, such as `TCP` `inuse`; 0 when it is not there. */
export function sockstatValue(text: string, line: string, name: string): number {
  const match = new RegExp(`^${line}:.* ${name} (\\d+)`, 'm').exec(text)
  return match === null ? 0 : Number(match[1])
}

/** `CurrEstab` of `/proc/net/snmp`: TCP connections that are established. */
export function parseEstablished(text: string): number | undefined {
  const [, names, values] = /^Tcp: ([A-Za-z ]+)\nTcp: ([-\d ]+)$/m.exec(text) ?? []
  const at = names?.split(' ').indexOf('CurrEstab') ?? -1
  return at < 0 ? undefined : Number(values!.split(' ')[at])
}

/** Sums over disks since the start of the machine. */
export interface DiskTimes {
  /** Bytes read. */
  readonly readBytes: number
  /** Bytes written. */
  readonly writtenBytes: number
  /** Time in which the busiest disk had something to do, ms. */
  readonly busyMs: number
}

/** `/proc/diskstats`, of the disks named. */
export function parseDiskstats(text: string, disks: readonly string[]): DiskTimes {
  let readBytes = 0
  let writtenBytes = 0
  let busyMs = 0
  for (const line of text.split('\n')) {
    // major minor name | reads merged sectors ms | writes merged sectors ms | in flight, busy ms
    const fields = line.trim().split(/ +/)
    if (!disks.includes(fields[2] ?? '')) continue
    readBytes += Number(fields[5]) * 512
    writtenBytes += Number(fields[9]) * 512
    busyMs = Math.max(busyMs, Number(fields[12]))
  }
  return { readBytes, writtenBytes, busyMs }
}
