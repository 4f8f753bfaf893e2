/** Players that join and leave, over every protocol. */
import { once, setMaxListeners } from 'node:events'
import { Agent, type ClientRequest, get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeHandshakeCrypto } from 'millrace/node'
import { RtmpClientSession } from 'millrace/rtmp'
import type { Random } from './random.ts'
import type { SoakServer } from './soak-server.ts'

/** How players are connected, one after the other. */
const PROTOCOLS = ['rtmp', 'flv', 'ws', 'ts', 'hls'] as const
type Protocol = (typeof PROTOCOLS)[number]

/** How long a player stays, ms. */
const STAYS_MS = [3_000, 24_000] as const
/** How long its place is empty then, ms. */
const AWAY_MS = [0, 2_000] as const
/** Who has been there for so long and has got nothing is starved, ms: HLS waits for two keyframes, 2 s apart. */
const PATIENCE_MS = 15_000

/** What can be said of a player. */
interface SoakPlayer {
  readonly receivedBytes: number
  /** From its connection to its first media, ms. */
  readonly joinMs: number | undefined
  /** The server has ended it. */
  readonly lost: boolean
  close(): void
}

/** Where the players of a soak go. */
export interface CrowdPlan {
  readonly server: SoakServer
  readonly players: number
  /** Streams that are always there: their players must be served. */
  readonly steady: readonly string[]
  /** Streams that come and go: their players may be refused and ended. */
  readonly flapping: readonly string[]
  readonly random: Random
  /** Whether the server has been made to stand still since, ms on `performance.now()`. */
  readonly stoodStillSince: (ms: number) => boolean
}

/** All players of a soak. */
export class SoakCrowd {
  /** Players that have come. */
  joins: number
  receivedBytes: number
  /** Players by protocol that have got media. */
  readonly served: Map<Protocol, number>
  /** Players of steady streams that got nothing, and that were ended. */
  readonly starved: string[]
  readonly lost: string[]
  readonly #plan: CrowdPlan
  readonly #agent: Agent
  #leaving: AbortController
  #present: Promise<void>[]

  constructor(plan: CrowdPlan) {
    this.joins = 0
    this.receivedBytes = 0
    this.served = new Map(PROTOCOLS.map((protocol) => [protocol, 0]))
    this.starved = []
    this.lost = []
    this.#plan = plan
    this.#agent = new Agent({ keepAlive: true })
    this.#leaving = new AbortController()
    this.#present = []
  }

  /** From now on players come and go. */
  enter(): void {
    this.#leaving = new AbortController()
    const { signal } = this.#leaving
    setMaxListeners(this.#plan.players, signal)
    this.#present = Array.from({ length: this.#plan.players }, (_, place) => this.#fill(place, signal))
  }

  /** All leave, and nobody comes any more. */
  async leave(): Promise<void> {
    this.#leaving.abort()
    await Promise.all(this.#present)
    this.#agent.destroy()
  }

  async #fill(place: number, leaving: AbortSignal): Promise<void> {
    const { steady, flapping, random } = this.#plan
    const streams = [...steady, ...flapping]
    const protocol = PROTOCOLS[place % PROTOCOLS.length]!
    // They do not come all at once.
    await pause(random.between(0, STAYS_MS[0]), leaving)
    while (!leaving.aborted) {
      const streamName = random.of(streams)
      const player = this.#open(protocol, streamName)
      this.joins++
      const beganMs = performance.now()
      await pause(random.between(...STAYS_MS), leaving)
      if (steady.includes(streamName)) this.#judge(player, `${protocol} ${streamName}`, beganMs)
      if (player.joinMs !== undefined) this.served.set(protocol, this.served.get(protocol)! + 1)
      this.receivedBytes += player.receivedBytes
      player.close()
      await pause(random.between(...AWAY_MS), leaving)
    }
  }

  #judge(player: SoakPlayer, who: string, beganMs: number): void {
    if (player.lost) this.lost.push(who)
    const isPatient = performance.now() - beganMs >= PATIENCE_MS && !this.#plan.stoodStillSince(beganMs)
    if (player.joinMs === undefined && isPatient) this.starved.push(who)
  }

  #open(protocol: Protocol, streamName: string): SoakPlayer {
    const { httpUrl, httpPort, rtmpPort } = this.#plan.server
    if (protocol === 'hls') return new HlsPlayer(`${httpUrl}/live/${streamName}.m3u8`, this.#agent)
    if (protocol === 'rtmp') return new SocketPlayer(rtmpPort, new RtmpAnswer(streamName))
    return new SocketPlayer(httpPort, new HttpAnswer(protocol, streamName))
  }
}

/** What a server says to a player, up to its first media. */
interface Answer {
  /** What is to be sent. */
  takeOutput(): readonly Uint8Array[]
  /** @returns whether media has come. */
  push(bytes: Uint8Array): boolean
}

/** A player that looks at what comes up to the first media, and counts bytes from there on. */
class SocketPlayer implements SoakPlayer {
  receivedBytes = 0
  joinMs: number | undefined
  lost = false
  readonly #socket: Socket
  #closing = false

  constructor(port: number, answer: Answer) {
    const beganMs = performance.now()
    const send = (): void => {
      for (const part of answer.takeOutput()) this.#socket.write(part)
    }
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.on('data', (bytes) => {
      this.receivedBytes += bytes.length
      if (this.joinMs !== undefined) return
      if (answer.push(bytes)) this.joinMs = performance.now() - beganMs
      send()
    })
    this.#socket.on('error', () => this.#socket.destroy())
    this.#socket.on('close', () => {
      this.lost = !this.#closing
    })
    send()
  }

  close(): void {
    this.#closing = true
    this.#socket.destroy()
  }
}

class RtmpAnswer implements Answer {
  readonly #session: RtmpClientSession

  constructor(streamName: string) {
    this.#session = new RtmpClientSession({
      crypto: nodeHandshakeCrypto,
      nowMs: performance.now(),
      mode: 'play',
      app: 'live',
      tcUrl: 'rtmp://127.0.0.1/live',
      streamName,
    })
  }

  takeOutput(): readonly Uint8Array[] {
    return this.#session.takeOutput()
  }

  push(bytes: Uint8Array): boolean {
    this.#session.push(bytes, performance.now())
    for (let event = this.#session.readEvent(); event !== undefined; event = this.#session.readEvent()) {
      if (event.type === 'media' && event.packet.coded) return true
    }
    return false
  }
}

/** Of these more than a header and configuration must come. */
const MEDIA_BYTES = 4_096

/** HTTP-FLV, HTTP-TS and WebSocket-FLV. */
class HttpAnswer implements Answer {
  #request: string
  #text: string
  #bodyBytes: number

  constructor(protocol: Exclude<Protocol, 'rtmp' | 'hls'>, streamName: string) {
    const path = `/live/${streamName}.${protocol === 'ts' ? 'ts' : 'flv'}`
    // The key is that of RFC 6455 §1.3.
    const upgrade =
      'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
    this.#request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${protocol === 'ws' ? upgrade : ''}\r\n`
    this.#text = ''
    this.#bodyBytes = 0
  }

  takeOutput(): readonly Uint8Array[] {
    const request = this.#request
    this.#request = ''
    return request === '' ? [] : [Buffer.from(request)]
  }

  push(bytes: Uint8Array): boolean {
    if (this.#bodyBytes === 0) this.#text += Buffer.from(bytes).toString('latin1')
    else this.#bodyBytes += bytes.length
    const end = this.#text.indexOf('\r\n\r\n')
    if (this.#bodyBytes === 0 && end >= 0) this.#bodyBytes = this.#text.length - end - 4
    return /^HTTP\/1\.1 (?:200|101) /.test(this.#text) && this.#bodyBytes >= MEDIA_BYTES
  }
}

/** Follows a playlist as players do: the multivariant playlist once, then the media playlist and what is new in it. */
class HlsPlayer implements SoakPlayer {
  receivedBytes = 0
  joinMs: number | undefined
  lost = false
  readonly #agent: Agent
  readonly #closing: AbortController
  #request: ClientRequest | undefined

  constructor(url: string, agent: Agent) {
    this.#agent = agent
    this.#closing = new AbortController()
    this.#request = undefined
    this.#follow(url).catch(() => {
      this.lost = !this.#closing.signal.aborted
    })
  }

  close(): void {
    this.#closing.abort()
    this.#request?.destroy()
  }

  async #follow(url: string): Promise<void> {
    const { signal } = this.#closing
    const beganMs = performance.now()
    const [media] = linesOf(await this.#fetch(url))
    if (media === undefined) throw new Error('an empty playlist')
    const mediaUrl = new URL(media, url).href
    const had = new Set<string>()
    while (!signal.aborted) {
      for (const segment of linesOf(await this.#fetch(mediaUrl))) {
        if (had.has(segment)) continue
        had.add(segment)
        this.receivedBytes += (await this.#fetch(new URL(segment, mediaUrl).href)).length
        this.joinMs ??= performance.now() - beganMs
      }
      await sleep(1_000, undefined, { signal })
    }
  }

  async #fetch(url: string): Promise<Buffer> {
    this.#request = get(url, { agent: this.#agent })
    const [response] = (await once(this.#request, 'response')) as [IncomingMessage]
    const body = await buffer(response)
    this.#closing.signal.throwIfAborted()
    if (response.statusCode !== 200) throw new Error(`${response.statusCode} for ${url}`)
    return body
  }
}

/** Lines of a playlist that are no tags. */
function linesOf(playlist: Buffer): string[] {
  return playlist
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
