/**
 * Answers about the process and the machine. Names are those of SRS; `null` is what nobody here can tell.
 *
 * @module
 */
import { z } from 'zod'

const integer = z.int()
const number = z.number()
const unknownInteger = integer.nullable()
const unknownNumber = number.nullable()

const ok = z.boolean().describe('Whether the figures are there')
const sampleTime = integer.describe('Unix time of the sample in ms')

/** `versions`. */
export const versionsData = z.object({
  major: integer,
  minor: integer,
  revision: integer,
  version: z.string().describe('Version of millrace'),
})

/** `summaries`. */
export const summariesData = z.object({
  ok,
  now_ms: integer.describe('Unix time in ms'),
  self: z.object({
    version: z.string(),
    pid: integer,
    ppid: integer,
    argv: z.string().describe('The program and its script, without arguments'),
    cwd: z.string(),
    mem_kbyte: integer.describe('Resident memory now, kB'),
    mem_percent: number.describe('Share of the memory of the machine, 0 to 1'),
    cpu_percent: unknownNumber.describe('Share of one processor: 2 is two of them'),
    srs_uptime: integer.describe('Seconds since the server was started'),
  }),
  system: z.object({
    cpu_percent: unknownNumber.describe('Share of all processors, 0 to 1'),
    disk_read_KBps: unknownInteger,
    disk_write_KBps: unknownInteger,
    disk_busy_percent: unknownNumber.describe('Share of the time in which the busiest disk worked, 0 to 1'),
    mem_ram_kbyte: integer,
    mem_ram_percent: unknownNumber.describe('Share in real use, 0 to 1'),
    mem_swap_kbyte: unknownInteger,
    mem_swap_percent: unknownNumber,
    cpus: integer,
    cpus_online: integer.describe('Processors that this process may use'),
    uptime: integer.describe('Seconds since the machine was started'),
    ilde_time: unknownInteger.describe('Seconds, all processors together; spelled as SRS does'),
    idle_time: unknownInteger.describe('The same'),
    load_1m: unknownNumber,
    load_5m: unknownNumber,
    load_15m: unknownNumber,
    net_sample_time: sampleTime,
    net_recv_bytes: unknownInteger.describe('All network interfaces but lo'),
    net_send_bytes: unknownInteger,
    net_recvi_bytes: unknownInteger.describe('Only the interfaces with private addresses'),
    net_sendi_bytes: unknownInteger,
    srs_sample_time: sampleTime,
    srs_recv_bytes: integer.describe('Media from publishers since the start'),
    srs_send_bytes: integer.describe('Framed media to players since the start'),
    conn_sys: unknownInteger.describe('TCP sockets of the machine'),
    conn_sys_et: unknownInteger.describe('Those that are established'),
    conn_sys_tw: unknownInteger.describe('Those in TIME_WAIT'),
    conn_sys_udp: unknownInteger.describe('UDP sockets of the machine'),
    conn_srs: integer.describe('Connections of this server'),
  }),
})

/** `rusages`: getrusage(2). */
export const rusagesData = z.object({
  ok,
  sample_time: sampleTime,
  ru_utime: integer.describe('User time, seconds'),
  ru_stime: integer.describe('System time, seconds'),
  ru_maxrss: integer.describe('Most resident memory so far, kB'),
  ru_ixrss: integer,
  ru_idrss: integer,
  ru_isrss: integer,
  ru_minflt: integer,
  ru_majflt: integer,
  ru_nswap: integer,
  ru_inblock: integer,
  ru_oublock: integer,
  ru_msgsnd: integer,
  ru_msgrcv: integer,
  ru_nsignals: integer,
  ru_nvcsw: integer,
  ru_nivcsw: integer,
})

/** `self_proc_stats`: proc(5) `/proc/self/stat`, addresses of memory left out. */
export const selfProcStatsData = z.object({
  ok,
  sample_time: sampleTime,
  percent: unknownNumber.describe('Share of one processor: 2 is two of them'),
  pid: integer,
  comm: z.string().nullable(),
  state: z.string().nullable().describe('One letter: R, S …'),
  ppid: integer,
  pgrp: unknownInteger,
  session: unknownInteger,
  tty_nr: unknownInteger,
  tpgid: unknownInteger,
  flags: unknownInteger,
  minflt: unknownInteger,
  cminflt: unknownInteger,
  majflt: unknownInteger,
  cmajflt: unknownInteger,
  utime: unknownInteger.describe('Ticks of a hundredth of a second'),
  stime: unknownInteger,
  cutime: unknownInteger,
  cstime: unknownInteger,
  priority: unknownInteger,
  nice: unknownInteger,
  num_threads: unknownInteger,
  itrealvalue: unknownInteger,
  starttime: unknownInteger,
  vsize: unknownInteger.describe('Bytes'),
  rss: unknownInteger.describe('Pages'),
  rsslim: unknownInteger.describe('Bytes; null without limit'),
  signal: unknownInteger,
  blocked: unknownInteger,
  sigignore: unknownInteger,
  sigcatch: unknownInteger,
  nswap: unknownInteger,
  cnswap: unknownInteger,
  exit_signal: unknownInteger,
  processor: unknownInteger,
  rt_priority: unknownInteger,
  policy: unknownInteger,
  delayacct_blkio_ticks: unknownInteger,
  guest_time: unknownInteger,
  cguest_time: unknownInteger,
})

/** `system_proc_stats`: the first line of proc(5) `/proc/stat`, ticks of a hundredth of a second. */
export const systemProcStatsData = z.object({
  ok,
  sample_time: sampleTime,
  percent: unknownNumber.describe('Share of all processors at work, 0 to 1'),
  user: unknownInteger,
  nice: unknownInteger,
  sys: unknownInteger,
  idle: unknownInteger,
  iowait: unknownInteger,
  irq: unknownInteger,
  softirq: unknownInteger,
  steal: unknownInteger,
  guest: unknownInteger,
})

/** `meminfos`: proc(5) `/proc/meminfo`, kB. */
export const meminfosData = z.object({
  ok,
  sample_time: sampleTime,
  percent_ram: unknownNumber.describe('RealInUse as a share of MemTotal, 0 to 1'),
  percent_swap: unknownNumber,
  MemActive: integer.describe('MemTotal - MemFree'),
  RealInUse: unknownInteger.describe('MemActive - Buffers - Cached'),
  NotInUse: unknownInteger.describe('MemTotal - RealInUse'),
  MemTotal: integer,
  MemFree: integer,
  Buffers: unknownInteger,
  Cached: unknownInteger,
  SwapTotal: unknownInteger,
  SwapFree: unknownInteger,
})

/** `authors`. */
export const authorsData = z.object({ license: z.string(), contributors: z.string() })

/** `features`. */
export const featuresData = z.object({
  options: z.string(),
  options2: z.string(),
  build: z.string(),
  build2: z.string(),
  features: z.object({
    ssl: z.boolean(),
    hls: z.boolean(),
    hds: z.boolean(),
    callback: z.boolean(),
    api: z.boolean(),
    httpd: z.boolean(),
    dvr: z.boolean(),
    transcode: z.boolean(),
    ingest: z.boolean(),
    stat: z.boolean(),
    caster: z.boolean(),
    complex_send: z.boolean(),
    tcp_nodelay: z.boolean(),
    so_sendbuf: z.boolean(),
    mr: z.boolean(),
  }),
})

/** `requests`: the caller's own request. */
export const requestsData = z.object({
  uri: z.string(),
  path: z.string(),
  METHOD: z.string(),
  headers: z.record(z.string(), z.string()).describe('As they came; credentials are masked'),
})
