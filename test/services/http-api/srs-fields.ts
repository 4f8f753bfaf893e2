/** The fields that SRS answers with, written down from its documentation and not from our schemas: what its consoles and exporters read. */
import { z } from 'zod'

const words = (text: string): string[] => text.trim().split(/\s+/)

/** Members of every answer. */
export const ENVELOPE = words('code server service pid')

/** Members of `data`, by path. */
export const DATA: Readonly<Record<string, readonly string[]>> = {
  versions: words('major minor revision version'),
  summaries: words('ok now_ms self system'),
  rusages: words(`
    ok sample_time ru_utime ru_stime ru_maxrss ru_ixrss ru_idrss ru_isrss ru_minflt ru_majflt ru_nswap ru_inblock
    ru_oublock ru_msgsnd ru_msgrcv ru_nsignals ru_nvcsw ru_nivcsw`),
  self_proc_stats: words(`
    ok sample_time percent pid comm state ppid pgrp session tty_nr tpgid flags minflt cminflt majflt cmajflt utime stime
    cutime cstime priority nice num_threads itrealvalue starttime vsize rss rsslim signal blocked sigignore sigcatch nswap
    cnswap exit_signal processor rt_priority policy delayacct_blkio_ticks guest_time cguest_time`),
  system_proc_stats: words('ok sample_time percent user nice sys idle iowait irq softirq steal guest'),
  meminfos: words(`
    ok sample_time percent_ram percent_swap MemActive RealInUse NotInUse MemTotal MemFree Buffers Cached SwapTotal SwapFree`),
  authors: words('license contributors'),
  features: words('options options2 build build2 features'),
  'tests/requests': words('uri path METHOD headers'),
  requests: words('uri path METHOD headers'),
}

/** Members of `data.self` of the summaries. */
export const SUMMARIES_SELF = words('version pid ppid argv cwd mem_kbyte mem_percent cpu_percent srs_uptime')

/** Members of `data.system` of the summaries, the misspelt one included. */
export const SUMMARIES_SYSTEM = words(`
  cpu_percent disk_read_KBps disk_write_KBps disk_busy_percent mem_ram_kbyte mem_ram_percent mem_swap_kbyte
  mem_swap_percent cpus cpus_online uptime ilde_time load_1m load_5m load_15m net_sample_time net_recv_bytes
  net_send_bytes net_recvi_bytes net_sendi_bytes srs_sample_time srs_recv_bytes srs_send_bytes conn_sys conn_sys_et
  conn_sys_tw conn_sys_udp conn_srs`)

/** Members of `data.features.features`, all booleans. */
export const FEATURES = words(
  'ssl hls hds callback api httpd dvr transcode ingest stat caster complex_send tcp_nodelay so_sendbuf mr',
)

/** Members of a virtual host. */
export const VHOST = words('id name enabled clients streams send_bytes recv_bytes kbps hls')

/** Members of `kbps`. */
export const KBPS = words('recv_30s send_30s')

/** Members of a stream. */
export const STREAM = words(
  'id name vhost app tcUrl url live_ms clients frames send_bytes recv_bytes kbps publish video audio',
)

/** Members of `publish`, `video` and `audio` of a stream. */
export const PUBLISH = words('active cid')
export const VIDEO = words('codec profile level width height')
export const AUDIO = words('codec sample_rate channel profile')

/** Members of a client. */
export const CLIENT = words(
  'id vhost stream ip pageUrl swfUrl tcUrl url name type publish alive send_bytes recv_bytes kbps',
)

/** Members that are texts and flags; all others are numbers, or parts with members of their own. */
const TEXTS = new Set(
  words(`
  id name vhost stream app tcUrl url ip pageUrl swfUrl type cid codec profile level server service
  version argv cwd comm state license contributors`),
)
const FLAGS = new Set(words('ok enabled active publish'))

function kindOf(name: string): z.ZodType {
  if (TEXTS.has(name)) return z.string()
  return FLAGS.has(name) ? z.boolean() : z.number()
}

/** A reader that knows `members` of SRS alone, of the kinds that SRS gives them. */
function reader(members: readonly string[], parts: Readonly<Record<string, z.ZodType>> = {}): z.ZodObject {
  return z.object(Object.fromEntries(members.map((name) => [name, parts[name] ?? kindOf(name)])))
}

const kbps = reader(KBPS)

/** What consoles and exporters for SRS read, by the path that they ask for. */
export const SRS_READERS = {
  vhosts: z.object({ vhosts: z.array(reader(VHOST, { kbps, hls: reader(['enabled']) })) }),
  streams: z.object({
    streams: z.array(
      reader(STREAM, {
        kbps,
        publish: reader(PUBLISH),
        video: reader(VIDEO).nullable(),
        audio: reader(AUDIO).nullable(),
      }),
    ),
  }),
  clients: z.object({ clients: z.array(reader(CLIENT, { kbps })) }),
  summaries: z.object({
    data: reader(DATA['summaries']!, { self: reader(SUMMARIES_SELF), system: reader(SUMMARIES_SYSTEM) }),
  }),
  versions: z.object({ data: reader(DATA['versions']!) }),
  rusages: z.object({ data: reader(DATA['rusages']!) }),
  system_proc_stats: z.object({ data: reader(DATA['system_proc_stats']!) }),
  meminfos: z.object({ data: reader(DATA['meminfos']!) }),
  authors: z.object({ data: reader(DATA['authors']!) }),
} as const
