/**
 * What the page shows, as JSON: `GET /page/status`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describeTrack } from 'millrace/codec'
import type { Source } from 'millrace/hub'
import type { MediaPacket } from 'millrace/media'
import type { LiveHandler, RtmpServer } from 'millrace/node'
import type { HlsHandler } from 'millrace/packaging'
import { type HttpGate } from 'millrace/services/authentication'
import { type ServerIdentity } from 'millrace/services/identity'
import { type VhostHubs } from 'millrace/services/vhosts'
import { DEFAULT_VHOST } from 'millrace/rtmp'

/** The parts whose state is shown. */
export interface StatusParts {
  /** Who may see them. */
  readonly gate: HttpGate
  /** Streams. */
  readonly hubs: VhostHubs
  /** Names of streams. */
  readonly identity: ServerIdentity
  /** RTMP connections. */
  readonly rtmp: RtmpServer
  /** HTTP-FLV, HTTP-TS and WebSocket viewers. */
  readonly live: LiveHandler
  /** HLS, where it is on. */
  readonly hls: () => Iterable<HlsHandler>
  /** Whether there are pictures of a stream, at `/APP/NAME.jpg`. */
  readonly hasPicture: (vhost: string, streamPath: string) => boolean
  /** Whether the page may offer to measure the viewer's network. */
  readonly measuresBandwidth: (request: IncomingMessage) => boolean
}

/** One stream as the page shows it. */
export interface StreamStatus {
  readonly path: string
  /** Its id in the HTTP API. */
  readonly id: string
  /** Name of the virtual host, `null` for that of everybody. */
  readonly vhost: string | null
  readonly live: boolean
  readonly uptimeSec: number
  readonly kbps: number
  readonly players: number
  readonly hlsViewers: number
  readonly video: string | null
  readonly videoCodec: string | null
  readonly width: number | null
  readonly height: number | null
  readonly audio: string | null
  readonly audioCodec: string | null
  readonly sampleRate: number | null
  readonly channels: number | null
  readonly skips: number
  readonly hasPicture: boolean
}

/** Streams that are listed, the oldest first; the API has all of them, in pages. */
const MAX_STREAMS = 500

interface Rate {
  bytes: number
  atMs: number
  kbps: number
}

/** Time that a bitrate is measured over, ms. */
const RATE_WINDOW_MS = 1_000

/** Where encoders publish. */
export interface RtmpDoor {
  readonly scheme: 'rtmp' | 'rtmps'
  readonly port: number
}

/** Ports that a URL need not name. */
const DEFAULT_PORTS: Readonly<Record<RtmpDoor['scheme'], number>> = { rtmp: 1935, rtmps: 443 }

/** Answers the page's questions. */
export class StatusApi {
  /** Where encoders publish; known once the server listens. */
  door: RtmpDoor
  readonly #parts: StatusParts
  readonly #rates: WeakMap<Source, Rate>

  /** @param parts - what to report on. */
  constructor(parts: StatusParts) {
    this.door = { scheme: 'rtmp', port: 0 }
    this.#parts = parts
    this.#rates = new WeakMap()
  }

  /** @returns whether the request was for the API. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.url?.split('?')[0] !== '/page/status') return false
    if (this.#parts.gate.refuse(request, response)) return true
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end()
      return true
    }
    const { hubs, rtmp, live, hls, measuresBandwidth } = this.#parts
    const streams: StreamStatus[] = []
    const count = { streams: 0, live: 0 }
    for (const [name, hub] of hubs) {
      for (const source of hub.sources) {
        if (streams.length < MAX_STREAMS) streams.push(this.#describe(source, name))
        count.streams++
        if (source.publisher !== undefined) count.live++
      }
    }
    let viewers = 0
    for (const { viewerCount } of hls()) viewers += viewerCount
    const body = JSON.stringify({
      streams,
      count,
      connections: { rtmp: rtmp.connections.size, http: live.viewerCount, hls: viewers },
      memoryBytes: process.memoryUsage.rss(),
      measuresBandwidth: measuresBandwidth(request),
      rtmp: { ...this.door, defaultPort: DEFAULT_PORTS[this.door.scheme] },
    })
    response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
    response.end(request.method === 'HEAD' ? undefined : body)
    return true
  }

  #describe(source: Source, vhost: string): StreamStatus {
    const stats = source.stats()
    const { audio, video } = source.configuration
    const sound = describe(source.audioCodec, audio[0])
    const picture = describe(source.videoCodec, video[0])
    return {
      path: source.streamPath,
      id: this.#parts.identity.streamId(vhost, source.streamPath),
      vhost: vhost === DEFAULT_VHOST ? null : vhost,
      live: stats.live,
      uptimeSec: Math.floor(source.uptimeMs / 1000),
      kbps: stats.live ? this.#kbps(source, stats.receivedBytes) : 0,
      players: stats.players,
      hlsViewers: stats.viewers,
      video: source.videoCodec || null,
      videoCodec: picture?.codecString ?? null,
      width: picture?.width ?? null,
      height: picture?.height ?? null,
      audio: source.audioCodec || null,
      audioCodec: sound?.codecString ?? null,
      sampleRate: sound?.sampleRate ?? null,
      channels: sound?.channelCount ?? null,
      skips: source.playerStats().reduce((sum, player) => sum + player.skips, 0),
      hasPicture: source.videoCodec !== '' && this.#parts.hasPicture(vhost, source.streamPath),
    }
  }

  #kbps(source: Source, bytes: number): number {
    const now = performance.now()
    const rate = this.#rates.get(source)
    if (rate === undefined) {
      const since = Math.max(1, source.uptimeMs)
      const first = { bytes, atMs: now, kbps: Math.round((bytes * 8) / since) }
      this.#rates.set(source, first)
      return first.kbps
    }
    if (now - rate.atMs >= RATE_WINDOW_MS) {
      rate.kbps = Math.round(((bytes - rate.bytes) * 8) / (now - rate.atMs))
      rate.bytes = bytes
      rate.atMs = now
    }
    return rate.kbps
  }
}

function describe(
  codec: string,
  configuration: MediaPacket | undefined,
): ReturnType<typeof describeTrack> | undefined {
  return codec === '' ? undefined : describeTrack(codec, configuration?.payload ?? new Uint8Array(0))
}
