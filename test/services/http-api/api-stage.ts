/** A hub, its doors and its API on loopback, with RTMP in memory. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { demuxFlv } from 'millrace/flv'
import { Hub, type HubOptions } from 'millrace/hub'
import { duplexPair, LiveHandler, type RtmpConnection, RtmpServer } from 'millrace/node'
import { HlsHandler } from 'millrace/packaging'
import { RecentRefusals } from 'millrace/services/admission'
import { HttpApi, type HttpApiOptions } from 'millrace/services/http-api'
import { ServerIdentity } from 'millrace/services/identity'
import { MetricsHandler } from 'millrace/services/metrics'
import { Statistics } from 'millrace/services/statistics'
import { RtmpClientSession, type RtmpClientSessionOptions } from 'millrace/rtmp'
import type { MediaPacket } from 'millrace/media'
import { onTestFinished } from 'vitest'
import { type Clip, readClip } from '../../support/clips.ts'
import { testCrypto } from '../../support/handshake-crypto.ts'

/** A JSON object of any shape. */
export type Json = Record<string, unknown>

/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body, if it is JSON. */
  readonly body: Json
}

/** All of it. Everything ends with the test. */
export class ApiStage {
  readonly hub: Hub
  readonly rtmp: RtmpServer
  readonly live: LiveHandler
  readonly hls: HlsHandler
  readonly statistics: Statistics
  readonly api: HttpApi
  #base = ''

  constructor(options: Partial<HttpApiOptions> = {}, hub: HubOptions = {}) {
    this.hub = new Hub({ publisherWaitMs: 0, ...hub })
    this.rtmp = new RtmpServer({ hub: this.hub, crypto: testCrypto() })
    this.live = new LiveHandler({ hub: this.hub })
    this.hls = new HlsHandler({ hub: this.hub })
    const { rtmp, live, hls } = this
    const identity = new ServerIdentity({ serverId: 'vid-0test00' })
    this.statistics = new Statistics({ hub: this.hub, rtmp, live, hls, identity })
    const refusals = new RecentRefusals()
    refusals.watchHub(this.hub)
    this.api = new HttpApi({ statistics: this.statistics, refusals, authentication: 'loopback', ...options })
    onTestFinished(async () => {
      this.statistics.close()
      this.hub.close()
      this.live.close()
      await this.hls.close()
      await this.rtmp.close()
    })
  }

  /** Opens the HTTP port. */
  async listen(): Promise<string> {
    const metrics = new MetricsHandler({
      statistics: this.statistics,
      authentication: 'none',
      srsNames: true,
    })
    const server = createServer((request, response) => {
      if (this.api.handle(request, response) || metrics.handle(request, response)) return
      if (this.hls.handle(request, response) || this.live.handle(request, response)) return
      response.writeHead(404).end('not ours')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    this.#base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return this.#base
  }

  /** Asks over HTTP; opens the port if need be. */
  async ask(path: string, init: RequestInit = {}): Promise<Answer> {
    if (this.#base === '') await this.listen()
    const response = await fetch(this.#base + path, { redirect: 'manual', ...init })
    const text = await response.text()
    const isJson = response.headers.get('content-type') === 'application/json' && text !== ''
    const body = isJson ? (JSON.parse(text) as Json) : {}
    return { status: response.status, headers: response.headers, text, body }
  }

  /** The `name` of an answer, as a list of objects. */
  async list(name: 'vhosts' | 'streams' | 'clients', query = ''): Promise<Json[]> {
    return (await this.ask(`/api/v1/${name}/${query}`)).body[name] as Json[]
  }

  /** An RTMP client in memory, as far as it gets at once. */
  async connect(
    mode: 'publish' | 'play',
    options: Partial<RtmpClientSessionOptions> = {},
    remoteAddress = '192.0.2.7',
  ): Promise<MemoryClient> {
    const client = new MemoryClient(this.rtmp, mode, options, remoteAddress)
    await settle()
    return client
  }
}

/** Lets streams, promises and immediates do what they have waiting. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** One RTMP connection from the other side. */
export class MemoryClient {
  readonly connection: RtmpConnection
  readonly news: string[] = []
  ended = false
  readonly #session: RtmpClientSession
  readonly #stream

  constructor(
    server: RtmpServer,
    mode: 'publish' | 'play',
    options: Partial<RtmpClientSessionOptions>,
    remoteAddress: string,
  ) {
    const [near, far] = duplexPair()
    this.#stream = near
    this.connection = server.handle(far, { remoteAddress })
    this.#session = new RtmpClientSession({
      crypto: testCrypto(this.connection.id),
      nowMs: performance.now(),
      mode,
      app: 'live',
      tcUrl: 'rtmp://origin.example/live?token=s3cret',
      streamName: 'show',
      ...options,
    })
    near.on('error', () => {})
    near.on('data', (bytes: Buffer) => {
      this.#session.push(bytes, performance.now())
      this.#act()
    })
    near.on('end', () => {
      this.ended = true
      near.end()
    })
    this.#act()
  }

  /** Publishes. */
  write(packets: readonly MediaPacket[]): void {
    for (const packet of packets) this.#session.writeMedia(packet)
    this.#act()
  }

  #act(): void {
    for (let event = this.#session.readEvent(); event !== undefined; event = this.#session.readEvent()) {
      if (event.type === 'status') this.news.push(event.code)
    }
    for (const part of this.#session.takeOutput()) if (!this.#stream.writableEnded) this.#stream.write(part)
  }
}

/** The first `count` packets of a clip. */
export function packetsOf(clip: Clip, count: number): MediaPacket[] {
  return demuxFlv(readClip(clip)).slice(0, count)
}
