/**
 * Virtual hosts, streams and clients in the words of the API.
 *
 * @module
 */
import type { z } from 'zod'
import { EMPTY_BYTES } from '../../bytes/index.ts'
import { describeTrack, type TrackDescription } from '../../codec/index.ts'
import { type AccessRequest, splitStreamPath } from '../../hub/index.ts'
import type { FourCc, MediaPacket } from '../../media/index.ts'
import {
  type Client,
  type Kbps,
  type Statistics,
  type StreamStatistics,
  type VhostStatistics,
} from '../statistics/index.ts'
import type { audio, client, kbps, stream, vhost, video } from './media.schema.ts'
import { DEFAULT_VHOST } from '../../rtmp/index.ts'

/** A virtual host. `clients` are those of all of them. */
export function vhostView(
  statistics: Statistics,
  of: VhostStatistics,
  clients: readonly Client[],
): z.output<typeof vhost> {
  return {
    id: of.id,
    name: of.name,
    enabled: !of.hub.closed,
    clients: clients.filter((each) => each.vhost === of.name).length,
    streams: of.hub.stats().sources,
    send_bytes: of.totals.sentBytes,
    recv_bytes: of.totals.receivedBytes,
    kbps: kbpsView(of.kbps),
    hls: { enabled: statistics.doors.hls },
  }
}

/** A stream. */
export function streamView(statistics: Statistics, of: StreamStatistics): z.output<typeof stream> {
  const { source, totals } = of
  const stats = source.stats()
  const { publisher, configuration, streamPath } = source
  const { app, streamName } = splitStreamPath(streamPath)
  return {
    id: of.id,
    name: streamName,
    vhost: statistics.identity.vhostId(of.vhost),
    app,
    tcUrl: tcUrlOf(publisher?.request, of.vhost, streamPath),
    url: urlOf(of.vhost, streamPath),
    live_ms: Date.now(),
    clients: stats.players + stats.viewers + (publisher === undefined ? 0 : 1),
    frames: totals.receivedFrames,
    send_bytes: totals.sentBytes,
    recv_bytes: totals.receivedBytes,
    kbps: kbpsView(of.kbps),
    publish: { active: publisher !== undefined, cid: statistics.publisherId(source) ?? '' },
    video: videoView(source.videoCodec, configuration.video[0]),
    audio: audioView(source.audioCodec, configuration.audio[0]),
    uptime_ms: Math.round(source.uptimeMs),
    players: stats.players,
    viewers: stats.viewers,
    skips: totals.skips,
    skipped_packets: totals.skippedPackets,
    cached_bytes: stats.cachedBytes,
    cached_ms: stats.cachedMs,
    clock_jumps: stats.clockJumps,
    consumers: source.consumerStats().map((reader) => ({
      read_packets: reader.readPackets,
      lag_ms: reader.lagMs,
      skips: reader.skips,
      skipped_packets: reader.skippedPackets,
    })),
  }
}

/** A client. */
export function clientView(statistics: Statistics, of: Client): z.output<typeof client> {
  const { request, source, vhost } = of
  const { streamPath } = source
  const figures = of.figures()
  const { player } = figures
  return {
    id: of.id,
    vhost: statistics.identity.vhostId(vhost),
    stream: statistics.identity.streamId(vhost, streamPath),
    ip: request?.remoteAddress ?? '',
    pageUrl: withoutQuery(textOf(request?.pageUrl)),
    swfUrl: withoutQuery(textOf(request?.details['swfUrl'])),
    tcUrl: tcUrlOf(request, vhost, streamPath),
    url: urlOf(vhost, streamPath),
    name: splitStreamPath(streamPath).streamName,
    type: typeOf(of),
    publish: of.role === 'publisher',
    alive: Math.round(figures.uptimeMs) / 1000,
    send_bytes: figures.sentBytes,
    recv_bytes: figures.receivedBytes,
    kbps: kbpsView(statistics.kbpsOf(of, figures)),
    protocol: of.protocol,
    secure: request?.secure ?? false,
    agent: textOf(request?.details['flashVer'] ?? request?.details['user-agent']),
    state: player?.state ?? null,
    lag_ms: player?.lagMs ?? null,
    skips: player?.skips ?? null,
    skipped_packets: player?.skippedPackets ?? null,
    skipped_ms: player?.skippedMs ?? null,
    queued_bytes: player?.queuedBytes ?? null,
  }
}

/** Longest text that a client has in the API, characters. */
const MAX_TEXT_LENGTH = 1_024

/** SRS's names for the codecs that it knows, ours for the others. */
const CODEC_NAMES: Readonly<Record<string, string>> = {
  avc1: 'H264',
  hvc1: 'HEVC',
  vvc1: 'VVC',
  av01: 'AV1',
  vp09: 'VP9',
  vp08: 'VP8',
  vp6f: 'VP6',
  vp6a: 'VP6',
  mp4a: 'AAC',
  '.mp3': 'MP3',
  fLaC: 'FLAC',
  'ac-3': 'AC3',
  'ec-3': 'EAC3',
}

/** How SRS calls the profiles of AAC. */
const AAC_PROFILES: Readonly<Record<string, string>> = { 'HE-AAC': 'HE', 'HE-AAC v2': 'HEv2' }

/** How SRS calls what a client does. */
const TYPES: Readonly<Record<string, string>> = {
  'rtmp-publish': 'fmle-publish',
  'http-flv-play': 'flv-play',
  'websocket-flv-play': 'flv-play',
  'http-ts-play': 'ts-play',
}

function typeOf({ protocol, role }: Client): string {
  const type = `${protocol}-${role === 'publisher' ? 'publish' : 'play'}`
  return TYPES[type] ?? type
}

function videoView(codec: FourCc, configuration: MediaPacket | undefined): z.output<typeof video> | null {
  if (codec === '') return null
  const track = describe(codec, configuration)
  return {
    codec: CODEC_NAMES[codec] ?? codec,
    profile: track.profile ?? null,
    level: track.level ?? null,
    width: track.width ?? null,
    height: track.height ?? null,
    frame_rate: track.frameRate ?? null,
    codec_string: track.codecString,
  }
}

function audioView(codec: FourCc, configuration: MediaPacket | undefined): z.output<typeof audio> | null {
  if (codec === '') return null
  const track = describe(codec, configuration)
  return {
    codec: CODEC_NAMES[codec] ?? codec,
    sample_rate: track.sampleRate ?? null,
    channel: track.channelCount ?? null,
    profile: track.profile === undefined ? null : (AAC_PROFILES[track.profile] ?? track.profile),
    codec_string: track.codecString,
  }
}

function describe(codec: FourCc, configuration: MediaPacket | undefined): TrackDescription {
  return describeTrack(codec, configuration?.payload ?? EMPTY_BYTES)
}

function kbpsView({ received, sent }: Kbps): z.output<typeof kbps> {
  return { recv_30s: received, send_30s: sent }
}

/** Scheme and host that the peer named, with the app of its stream: what it sent may end in a secret. */
function tcUrlOf(request: AccessRequest | undefined, vhost: string, streamPath: string): string {
  const [, scheme = 'rtmp', host = vhost] =
    /^([a-z]+):\/\/(?:[^/@]*@)?([^/?#]+)/i.exec(textOf(request?.url)) ?? []
  return `${scheme}://${host}/${splitStreamPath(streamPath).app}`
}

function urlOf(vhost: string, streamPath: string): string {
  return vhost === DEFAULT_VHOST ? streamPath : `${vhost}${streamPath}`
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '')
}

/** What a client said of itself, which may be 64 KiB: a page of the API has many of them. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT_LENGTH) : ''
}
