/**
 * Statistics as families of metrics.
 *
 * @module
 */
import { hostname, machine, release, type, version as kernel } from 'node:os'
import type { PlayerStats } from '../../hub/index.ts'
import type { RecentRefusals } from '../admission/index.ts'
import type { Client, Statistics, StreamStatistics } from '../statistics/index.ts'
import type { Metric, MetricLabels, MetricSample } from './prometheus-text.ts'

/** Longest stream path that becomes a label; a longer one is named by its id. */
const MAX_LABEL_LENGTH = 200

/** What players of one stream, or of all, do at the moment. */
interface Playing {
  players: number
  maxLagMs: number
  queuedBytes: number
}

/**
 * All families.
 * @param maxStreamLabels - streams that have samples of their own, from the oldest on.
 */
export function mediaMetrics(statistics: Statistics, maxStreamLabels: number): Metric[] {
  const streams = statistics.streams()
  const clients = statistics.clients()
  return [
    ...serverMetrics(statistics),
    ...vhostMetrics(statistics, streams),
    ...clientMetrics(clients),
    ...streamMetrics(streams, clients, maxStreamLabels),
    ...processMetrics(statistics),
  ]
}

function serverMetrics(statistics: Statistics): Metric[] {
  const { rtmp, http, hls } = statistics.connections()
  const uptimeSec = statistics.uptimeMs / 1000
  const { serverId, serviceId } = statistics.identity
  return [
    gauge('millrace_server_info', 'Ids of the server and of this start of it', [
      { labels: { server: serverId, service: serviceId }, value: 1 },
    ]),
    gauge('millrace_uptime_seconds', 'Time since statistics were begun', [{ value: uptimeSec }]),
    gauge('millrace_connections', 'Connections by protocol; each HLS viewer counts as one', [
      { labels: { protocol: 'rtmp' }, value: rtmp },
      { labels: { protocol: 'http' }, value: http },
      { labels: { protocol: 'hls' }, value: hls },
    ]),
  ]
}

function vhostMetrics(statistics: Statistics, streams: readonly StreamStatistics[]): Metric[] {
  const vhosts = statistics.vhosts()
  const count = (vhost: string, live: boolean): number =>
    streams.filter((stream) => stream.vhost === vhost && (stream.source.publisher !== undefined) === live)
      .length
  const sum = (name: string, help: string, value: (of: (typeof vhosts)[number]) => number): Metric =>
    counter(
      name,
      help,
      vhosts.map((of) => ({ labels: { vhost: of.name }, value: value(of) })),
    )
  return [
    gauge(
      'millrace_streams',
      'Streams that are published, and those that wait for a publisher to come back',
      vhosts.flatMap(({ name }) => [
        { labels: { vhost: name, state: 'live' }, value: count(name, true) },
        { labels: { vhost: name, state: 'waiting' }, value: count(name, false) },
      ]),
    ),
    gauge(
      'millrace_waiting_players',
      'Players that wait for a stream to be published',
      vhosts.map(({ name, hub }) => ({ labels: { vhost: name }, value: hub.stats().waiting })),
    ),
    gauge(
      'millrace_pending_decisions',
      'Admission decisions that are awaited',
      vhosts.map(({ name, hub }) => ({ labels: { vhost: name }, value: hub.stats().deciding })),
    ),
    sum('millrace_received_bytes_total', 'Media from publishers', ({ totals }) => totals.receivedBytes),
    sum('millrace_sent_bytes_total', 'Framed media to players', ({ totals }) => totals.sentBytes),
    sum('millrace_publishes_total', 'Publishers admitted', ({ totals }) => totals.publishes),
    sum('millrace_plays_total', 'Players admitted', ({ totals }) => totals.plays),
    sum(
      'millrace_skips_total',
      'Times that a player fell behind and skipped to a keyframe',
      ({ totals }) => totals.skips,
    ),
    sum(
      'millrace_skipped_packets_total',
      'Packets that players passed over by that',
      ({ totals }) => totals.skippedPackets,
    ),
  ]
}

function clientMetrics(clients: readonly Client[]): Metric[] {
  const counts = new Map<string, { labels: MetricLabels; value: number }>()
  const playing = nothingPlaying()
  for (const client of clients) {
    const labels = { role: client.role, protocol: client.protocol }
    const key = `${labels.role} ${labels.protocol}`
    const sample = counts.get(key) ?? { labels, value: 0 }
    sample.value++
    counts.set(key, sample)
    addPlaying(playing, client.figures().player)
  }
  return [
    gauge('millrace_clients', 'Publishers, players and HLS viewers by protocol', [...counts.values()]),
    gauge('millrace_max_lag_seconds', 'Lag of the slowest player', [{ value: playing.maxLagMs / 1000 }]),
    gauge('millrace_queued_bytes', 'Bytes that players have been given and not yet taken', [
      { value: playing.queuedBytes },
    ]),
  ]
}

function streamMetrics(
  streams: readonly StreamStatistics[],
  clients: readonly Client[],
  maxStreamLabels: number,
): Metric[] {
  const shown = streams.slice(0, maxStreamLabels)
  const playing = new Map(shown.map(({ source }) => [source, nothingPlaying()]))
  for (const client of clients) {
    const sum = playing.get(client.source)
    if (sum !== undefined && client.role === 'player') addPlaying(sum, client.figures().player)
  }
  const each = (value: (stream: StreamStatistics, playing: Playing) => number): MetricSample[] =>
    shown.map((stream) => ({
      labels: { vhost: stream.vhost, stream: labelOf(stream) },
      value: value(stream, playing.get(stream.source)!),
    }))
  return [
    gauge('millrace_unlisted_streams', 'Streams beyond the bound of labels, in the sums only', [
      { value: streams.length - shown.length },
    ]),
    gauge(
      'millrace_stream_live',
      '1 while the stream is published',
      each(({ source }) => (source.publisher === undefined ? 0 : 1)),
    ),
    gauge(
      'millrace_stream_players',
      'Players and HLS viewers of the stream',
      each(({ source }, { players }) => players + source.stats().viewers),
    ),
    counter(
      'millrace_stream_received_bytes_total',
      'Media from its publishers',
      each(({ totals }) => totals.receivedBytes),
    ),
    counter(
      'millrace_stream_sent_bytes_total',
      'Framed media to its players',
      each(({ totals }) => totals.sentBytes),
    ),
    counter(
      'millrace_stream_frames_total',
      'Video frames',
      each(({ totals }) => totals.receivedFrames),
    ),
    counter(
      'millrace_stream_skips_total',
      'Times that a player of it fell behind',
      each(({ totals }) => totals.skips),
    ),
    gauge(
      'millrace_stream_max_lag_seconds',
      'Lag of its slowest player',
      each((_, { maxLagMs }) => maxLagMs / 1000),
    ),
    gauge(
      'millrace_stream_cached_bytes',
      'Packets in the log, for joining and slow players',
      each(({ source }) => source.stats().cachedBytes),
    ),
  ]
}

function processMetrics({ system, startedAt }: Statistics): Metric[] {
  const { user, system: kernel } = process.cpuUsage()
  const { rss, heapUsed, external } = process.memoryUsage()
  const { utilization } = performance.eventLoopUtilization()
  const cpu = system.systemCpu
  return [
    counter('process_cpu_seconds_total', 'Processor time, user and system', [
      { value: (user + kernel) / 1e6 },
    ]),
    gauge('process_resident_memory_bytes', 'Resident memory', [{ value: rss }]),
    gauge('process_start_time_seconds', 'Start of the process, Unix time', [
      { value: Math.round(Math.min(startedAt.getTime() / 1000, performance.timeOrigin / 1000)) },
    ]),
    gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use', [{ value: heapUsed }]),
    gauge('nodejs_external_memory_bytes', 'Memory of buffers outside of the heap', [{ value: external }]),
    gauge(
      'nodejs_eventloop_utilization',
      'Share of the time since the start in which the event loop was busy',
      [{ value: utilization }],
    ),
    gauge(
      'millrace_system_cpu_ratio',
      'Share of the time in which the machine was busy',
      cpu === null ? [] : [{ value: cpu }],
    ),
  ]
}

/**
 * The families that the exporter of SRS has, by its names, for dashboards that were made for it.
 * @param version - of this library.
 */
export function srsMetrics(
  statistics: Statistics,
  version: string,
  refusals: RecentRefusals | undefined,
): Metric[] {
  const { serverId: server, serviceId: service, pid } = statistics.identity
  const vhosts = statistics.vhosts()
  const sum = (value: (of: (typeof vhosts)[number]) => number): MetricSample[] => [
    { value: vhosts.reduce((total, of) => total + value(of), 0) },
  ]
  const cpu = statistics.system.processCpu
  const clients = statistics.clients()
  const uname = {
    sysname: type(),
    nodename: hostname(),
    release: release(),
    version: kernel(),
    machine: machine(),
  }
  return [
    gauge('srs_node_uname_info', 'The machine', [{ labels: uname, value: 1 }]),
    gauge('srs_build_info', 'Who answers', [
      {
        labels: { server, service, pid, version, major: version.split('.')[0]!, code: 'millrace' },
        value: 1,
      },
    ]),
    gauge('srs_cpu_percent', 'Percent of one processor', cpu === null ? [] : [{ value: cpu * 100 }]),
    gauge('srs_memory', 'Resident memory, bytes', [{ value: process.memoryUsage.rss() }]),
    counter(
      'srs_send_bytes_total',
      'Framed media to players',
      sum(({ totals }) => totals.sentBytes),
    ),
    counter(
      'srs_receive_bytes_total',
      'Media from publishers',
      sum(({ totals }) => totals.receivedBytes),
    ),
    gauge('srs_streams', 'Streams', [{ value: statistics.streams().length }]),
    gauge('srs_clients', 'Publishers and players', [{ value: clients.length }]),
    counter(
      'srs_clients_total',
      'Publishers and players so far',
      sum(({ totals }) => totals.publishes + totals.plays),
    ),
    counter(
      'srs_clients_errs_total',
      'Publishers and players refused so far',
      refusals === undefined ? [] : [{ value: refusals.total }],
    ),
  ]
}

/** Who was refused, by what was asked for. */
export function refusalMetric({ totals }: RecentRefusals): Metric {
  const samples = Object.entries(totals).map(([action, value]) => ({ labels: { action }, value }))
  return counter('millrace_refusals_total', 'Peers refused so far', samples)
}

function gauge(name: string, help: string, samples: readonly MetricSample[]): Metric {
  return { name, help, type: 'gauge', samples }
}

function counter(name: string, help: string, samples: readonly MetricSample[]): Metric {
  return { name, help, type: 'counter', samples }
}

function nothingPlaying(): Playing {
  return { players: 0, maxLagMs: 0, queuedBytes: 0 }
}

function addPlaying(sum: Playing, player: PlayerStats | undefined): void {
  if (player === undefined) return
  sum.players++
  sum.maxLagMs = Math.max(sum.maxLagMs, player.lagMs)
  sum.queuedBytes += player.queuedBytes
}

function labelOf({ id, source }: StreamStatistics): string {
  return source.streamPath.length > MAX_LABEL_LENGTH ? id : source.streamPath
}
