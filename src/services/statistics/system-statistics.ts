/**
 * Figures of the process and of the machine, as far as Node and Linux report them. Unknown ones are `null`.
 *
 * @module
 */
import { availableParallelism, cpus, freemem, loadavg, networkInterfaces, totalmem, uptime } from 'node:os'
import {
  type CpuTimes,
  type DiskTimes,
  parseCpuTimes,
  parseDiskstats,
  parseEstablished,
  parseMeminfo,
  parseNetDev,
  parseSelfStat,
  readDiskNames,
  readProc,
  type SelfStat,
  sockstatValue,
} from './proc-files.ts'

/** Memory of the machine in kB. */
export interface MemoryStats {
  /** All of it. */
  readonly total: number
  /** Not used for anything. */
  readonly free: number
  /** Buffers of block devices; `null` where the system does not tell. */
  readonly buffers: number | null
  /** Cached files; `null` where the system does not tell. */
  readonly cached: number | null
  /** Swap space; `null` where the system does not tell. */
  readonly swapTotal: number | null
  /** Swap space that is not used; `null` where the system does not tell. */
  readonly swapFree: number | null
}

/** Bytes through the network interfaces of the machine, `lo` excepted. */
export interface NetworkStats {
  /** Received. */
  readonly receivedBytes: number
  /** Sent. */
  readonly sentBytes: number
  /** Received by interfaces with only private addresses. */
  readonly privateReceivedBytes: number
  /** Sent by interfaces with only private addresses. */
  readonly privateSentBytes: number
}

/** Sockets of the machine. */
export interface SocketStats {
  /** TCP sockets in use or in TIME_WAIT. */
  readonly tcp: number
  /** TCP connections that are established; `null` where the system does not tell. */
  readonly established: number | null
  /** TCP sockets in TIME_WAIT. */
  readonly timeWait: number
  /** UDP sockets. */
  readonly udp: number
}

/** Disk rates between the two newest samples. */
export interface DiskStats {
  /** Kilobytes read a second. */
  readonly readKBps: number
  /** Kilobytes written a second. */
  readonly writtenKBps: number
  /** Share of the time in which the busiest disk was at work, 0 to 1. */
  readonly busy: number
}

/** How long the machine runs. */
export interface UptimeStats {
  /** Seconds since its start. */
  readonly seconds: number
  /** Seconds that its processors were idle, all together; `null` where the system does not tell. */
  readonly idleSeconds: number | null
}

interface Sample {
  readonly atMs: number
  readonly processCpuMs: number
  readonly cpu: CpuTimes | undefined
  readonly disks: DiskTimes | undefined
}

/** Process and machine. Shares of time are taken between two calls of {@link SystemStatistics.sample}. */
export class SystemStatistics {
  /** Processors. */
  readonly processors: {
    /** Those that this process may use. */
    readonly usable: number
    /** Those of the machine. */
    readonly present: number
  }
  readonly #disks: readonly string[]
  #previous: Sample
  #newest: Sample

  /** Takes the first sample. */
  constructor() {
    this.processors = { usable: availableParallelism(), present: cpus().length }
    this.#disks = readDiskNames()
    this.#newest = this.#take()
    this.#previous = this.#newest
  }

  /** Notes the present times of processors and disks; some seconds apart. */
  sample(): void {
    this.#previous = this.#newest
    this.#newest = this.#take()
  }

  /**
   * Processor time of this process as a share of one processor, so that 2 is two of them at work; `null`
   * before the second sample.
   */
  get processCpu(): number | null {
    const elapsedMs = this.#newest.atMs - this.#previous.atMs
    return elapsedMs <= 0
      ? null
      : rounded((this.#newest.processCpuMs - this.#previous.processCpuMs) / elapsedMs)
  }

  /**
   * Share of the time in which the processors of the machine were at work, 0 to 1; `null` where the system
   * does not tell.
   */
  get systemCpu(): number | null {
    const { cpu } = this.#newest
    const before = this.#previous.cpu
    if (cpu === undefined || before === undefined) return null
    const total = totalOf(cpu) - totalOf(before)
    return total <= 0 ? null : rounded(1 - (idleOf(cpu) - idleOf(before)) / total)
  }

  /** Times of the processors, ticks of a hundredth of a second; outside Linux what Node reports. @internal */
  cpuTimes(): Partial<CpuTimes> {
    return this.#newest.cpu ?? nodeCpuTimes()
  }

  /** `/proc/self/stat`; `undefined` if there is none. @internal */
  selfStat(): SelfStat | undefined {
    const text = readProc('/proc/self/stat')
    return text === undefined ? undefined : parseSelfStat(text)
  }

  /** Memory of the machine. */
  memory(): MemoryStats {
    const info = parseMeminfo(readProc('/proc/meminfo') ?? '')
    const kBytes = (name: string): number | null => info.get(name) ?? null
    return {
      total: info.get('MemTotal') ?? Math.floor(totalmem() / 1024),
      free: info.get('MemFree') ?? Math.floor(freemem() / 1024),
      buffers: kBytes('Buffers'),
      cached: kBytes('Cached'),
      swapTotal: kBytes('SwapTotal'),
      swapFree: kBytes('SwapFree'),
    }
  }

  /** Load of the last 1, 5 and 15 minutes; `null` on Windows, which has none. */
  load(): readonly [number, number, number] | null {
    return process.platform === 'win32' ? null : (loadavg() as [number, number, number])
  }

  /** Since the machine was started. */
  uptime(): UptimeStats {
    const idle = /^\S+ ([\d.]+)/.exec(readProc('/proc/uptime') ?? '')?.[1]
    return {
      seconds: Math.floor(uptime()),
      idleSeconds: idle === undefined ? null : Math.floor(Number(idle)),
    }
  }

  /** Network; `null` where the system does not tell. */
  network(): NetworkStats | null {
    const text = readProc('/proc/net/dev')
    if (text === undefined) return null
    const addresses = networkInterfaces()
    const sums = { receivedBytes: 0, sentBytes: 0, privateReceivedBytes: 0, privateSentBytes: 0 }
    for (const { name, received, sent } of parseNetDev(text)) {
      if (name === 'lo') continue
      sums.receivedBytes += received
      sums.sentBytes += sent
      const own = addresses[name] ?? []
      if (own.length === 0 || !own.every(({ address }) => isPrivate(address))) continue
      sums.privateReceivedBytes += received
      sums.privateSentBytes += sent
    }
    return sums
  }

  /** Sockets; `null` where the system does not tell. */
  sockets(): SocketStats | null {
    const v4 = readProc('/proc/net/sockstat')
    if (v4 === undefined) return null
    const v6 = readProc('/proc/net/sockstat6') ?? ''
    const timeWait = sockstatValue(v4, 'TCP', 'tw')
    return {
      tcp: sockstatValue(v4, 'TCP', 'inuse') + sockstatValue(v6, 'TCP6', 'inuse') + timeWait,
      established: parseEstablished(readProc('/proc/net/snmp') ?? '') ?? null,
      timeWait,
      udp: sockstatValue(v4, 'UDP', 'inuse') + sockstatValue(v6, 'UDP6', 'inuse'),
    }
  }

  /** Disks; `null` where the system does not tell, or before the second sample. */
  disks(): DiskStats | null {
    const { disks, atMs } = this.#newest
    const before = this.#previous
    const elapsedMs = atMs - before.atMs
    if (disks === undefined || before.disks === undefined || elapsedMs <= 0) return null
    const kBps = (now: number, then: number): number => Math.round((now - then) / 1.024 / elapsedMs)
    return {
      readKBps: kBps(disks.readBytes, before.disks.readBytes),
      writtenKBps: kBps(disks.writtenBytes, before.disks.writtenBytes),
      busy: rounded((disks.busyMs - before.disks.busyMs) / elapsedMs),
    }
  }

  #take(): Sample {
    const { user, system } = process.cpuUsage()
    const diskstats = this.#disks.length === 0 ? undefined : readProc('/proc/diskstats')
    return {
      atMs: performance.now(),
      processCpuMs: (user + system) / 1000,
      cpu: parseCpuTimes(readProc('/proc/stat') ?? ''),
      disks: diskstats === undefined ? undefined : parseDiskstats(diskstats, this.#disks),
    }
  }
}

/** Guest time is part of user time. */
function totalOf(cpu: CpuTimes): number {
  return cpu.user + cpu.nice + cpu.sys + idleOf(cpu) + cpu.irq + cpu.softirq + cpu.steal
}

function idleOf(cpu: CpuTimes): number {
  return cpu.idle + cpu.iowait
}

function nodeCpuTimes(): Partial<CpuTimes> {
  const sums = { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 }
  for (const { times } of cpus()) {
    // Milliseconds, here ticks of 10 ms.
    for (const name of ['user', 'nice', 'sys', 'idle', 'irq'] as const)
      sums[name] += Math.round(times[name] / 10)
  }
  return sums
}

function isPrivate(address: string): boolean {
  return /^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|::1$|f[cd]|fe[89ab])/i.test(address)
}

function rounded(share: number): number {
  return Math.round(share * 10_000) / 10_000
}
