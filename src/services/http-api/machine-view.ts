/**
 * The process and the machine in the words of the API.
 *
 * @module
 */
import type { z } from 'zod'
import type { MemoryStats, Statistics } from '../statistics/index.ts'
import { VERSION } from '../version.ts'
import type {
  meminfosData,
  rusagesData,
  selfProcStatsData,
  summariesData,
  systemProcStatsData,
  versionsData,
} from './machine.schema.ts'

/** `versions`. */
export function versionsView(): z.output<typeof versionsData> {
  const [major = 0, minor = 0, revision = 0] = VERSION.split('.').map(Number)
  return { major, minor, revision, version: VERSION }
}

/** `summaries`. */
export function summariesView(statistics: Statistics): z.output<typeof summariesData> {
  const { system } = statistics
  const now = Date.now()
  const memory = system.memory()
  const rssKBytes = Math.round(process.memoryUsage.rss() / 1024)
  const disks = system.disks()
  const load = system.load()
  const uptime = system.uptime()
  const network = system.network()
  const sockets = system.sockets()
  const connections = statistics.connections()
  let received = 0
  let sent = 0
  for (const { totals } of statistics.vhosts()) {
    received += totals.receivedBytes
    sent += totals.sentBytes
  }
  return {
    ok: true,
    now_ms: now,
    self: {
      version: VERSION,
      pid: process.pid,
      ppid: process.ppid,
      argv: process.argv.slice(0, 2).join(' '),
      cwd: process.cwd(),
      mem_kbyte: rssKBytes,
      mem_percent: share(rssKBytes, memory.total) ?? 0,
      cpu_percent: system.processCpu,
      srs_uptime: Math.floor(statistics.uptimeMs / 1000),
    },
    system: {
      cpu_percent: system.systemCpu,
      disk_read_KBps: disks?.readKBps ?? null,
      disk_write_KBps: disks?.writtenKBps ?? null,
      disk_busy_percent: disks?.busy ?? null,
      mem_ram_kbyte: memory.total,
      mem_ram_percent: share(inUse(memory), memory.total),
      mem_swap_kbyte: memory.swapTotal,
      mem_swap_percent: swapShare(memory),
      cpus: system.processors.present,
      cpus_online: system.processors.usable,
      uptime: uptime.seconds,
      ilde_time: uptime.idleSeconds,
      idle_time: uptime.idleSeconds,
      load_1m: load?.[0] ?? null,
      load_5m: load?.[1] ?? null,
      load_15m: load?.[2] ?? null,
      net_sample_time: now,
      net_recv_bytes: network?.receivedBytes ?? null,
      net_send_bytes: network?.sentBytes ?? null,
      net_recvi_bytes: network?.privateReceivedBytes ?? null,
      net_sendi_bytes: network?.privateSentBytes ?? null,
      srs_sample_time: now,
      srs_recv_bytes: received,
      srs_send_bytes: sent,
      conn_sys: sockets?.tcp ?? null,
      conn_sys_et: sockets?.established ?? null,
      conn_sys_tw: sockets?.timeWait ?? null,
      conn_sys_udp: sockets?.udp ?? null,
      conn_srs: connections.rtmp + connections.http,
    },
  }
}

/** `rusages`. */
export function rusagesView(): z.output<typeof rusagesData> {
  const usage = process.resourceUsage()
  return {
    ok: true,
    sample_time: Date.now(),
    ru_utime: Math.floor(usage.userCPUTime / 1e6),
    ru_stime: Math.floor(usage.systemCPUTime / 1e6),
    ru_maxrss: usage.maxRSS,
    ru_ixrss: usage.sharedMemorySize,
    ru_idrss: usage.unsharedDataSize,
    ru_isrss: usage.unsharedStackSize,
    ru_minflt: usage.minorPageFault,
    ru_majflt: usage.majorPageFault,
    ru_nswap: usage.swappedOut,
    ru_inblock: usage.fsRead,
    ru_oublock: usage.fsWrite,
    ru_msgsnd: usage.ipcSent,
    ru_msgrcv: usage.ipcReceived,
    ru_nsignals: usage.signalsCount,
    ru_nvcsw: usage.voluntaryContextSwitches,
    ru_nivcsw: usage.involuntaryContextSwitches,
  }
}

/** `self_proc_stats`. */
export function selfProcStatsView({ system }: Statistics): z.output<typeof selfProcStatsData> {
  const stat = system.selfStat()
  const field = (name: keyof NonNullable<typeof stat>['fields']): number | null => {
    const value = stat?.fields[name]
    return value === undefined || !Number.isSafeInteger(value) ? null : value
  }
  return {
    ok: stat !== undefined,
    sample_time: Date.now(),
    percent: system.processCpu,
    pid: process.pid,
    comm: stat?.comm ?? null,
    state: stat?.state ?? null,
    ppid: process.ppid,
    pgrp: field('pgrp'),
    session: field('session'),
    tty_nr: field('tty_nr'),
    tpgid: field('tpgid'),
    flags: field('flags'),
    minflt: field('minflt'),
    cminflt: field('cminflt'),
    majflt: field('majflt'),
    cmajflt: field('cmajflt'),
    utime: field('utime'),
    stime: field('stime'),
    cutime: field('cutime'),
    cstime: field('cstime'),
    priority: field('priority'),
    nice: field('nice'),
    num_threads: field('num_threads'),
    itrealvalue: field('itrealvalue'),
    starttime: field('starttime'),
    vsize: field('vsize'),
    rss: field('rss'),
    rsslim: field('rsslim'),
    signal: field('signal'),
    blocked: field('blocked'),
    sigignore: field('sigignore'),
    sigcatch: field('sigcatch'),
    nswap: field('nswap'),
    cnswap: field('cnswap'),
    exit_signal: field('exit_signal'),
    processor: field('processor'),
    rt_priority: field('rt_priority'),
    policy: field('policy'),
    delayacct_blkio_ticks: field('delayacct_blkio_ticks'),
    guest_time: field('guest_time'),
    cguest_time: field('cguest_time'),
  }
}

/** `system_proc_stats`. */
export function systemProcStatsView({ system }: Statistics): z.output<typeof systemProcStatsData> {
  const times = system.cpuTimes()
  return {
    ok: true,
    sample_time: Date.now(),
    percent: system.systemCpu,
    user: times.user ?? null,
    nice: times.nice ?? null,
    sys: times.sys ?? null,
    idle: times.idle ?? null,
    iowait: times.iowait ?? null,
    irq: times.irq ?? null,
    softirq: times.softirq ?? null,
    steal: times.steal ?? null,
    guest: times.guest ?? null,
  }
}

/** `meminfos`. */
export function meminfosView({ system }: Statistics): z.output<typeof meminfosData> {
  const memory = system.memory()
  const used = inUse(memory)
  return {
    ok: true,
    sample_time: Date.now(),
    percent_ram: share(used, memory.total),
    percent_swap: swapShare(memory),
    MemActive: memory.total - memory.free,
    RealInUse: used,
    NotInUse: used === null ? null : memory.total - used,
    MemTotal: memory.total,
    MemFree: memory.free,
    Buffers: memory.buffers,
    Cached: memory.cached,
    SwapTotal: memory.swapTotal,
    SwapFree: memory.swapFree,
  }
}

function inUse({ total, free, buffers, cached }: MemoryStats): number | null {
  return buffers === null || cached === null ? null : total - free - buffers - cached
}

function swapShare({ swapTotal, swapFree }: MemoryStats): number | null {
  return swapTotal === null || swapFree === null ? null : share(swapTotal - swapFree, swapTotal)
}

/** `part` of `whole`, 0 to 1; nothing of nothing is 0. */
function share(part: number | null, whole: number): number | null {
  if (part === null) return null
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 10_000
}
