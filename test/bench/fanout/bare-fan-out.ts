/** A fan-out without hub: players are sockets, and a flush is one `write` to each. */
import { createServer, type Server, type Socket } from 'node:net'
import { FLV_VIEW } from 'millrace/flv'
import { type ConfigurationSet, EMPTY_CONFIGURATION, type Framing, type MediaPacket } from 'millrace/media'
import type { ServerSettings } from './settings.ts'

const RESPONSE = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: video/x-flv\r\nConnection: close\r\n\r\n')

/** Sends what it is given as HTTP-FLV to whoever connects, whatever the request. */
export class BareFanOut {
  readonly server: Server
  readonly #settings: ServerSettings
  readonly #players: Set<Socket>
  readonly #framing: Framing
  #configuration: ConfigurationSet
  #gop: Buffer[]
  #held: MediaPacket[]
  #lastFlushMs: number
  #timer: NodeJS.Timeout | undefined
  flushes: number

  constructor(settings: ServerSettings) {
    this.server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
    this.#settings = settings
    this.#players = new Set()
    this.#framing = FLV_VIEW.create()
    this.#configuration = EMPTY_CONFIGURATION
    this.#gop = []
    this.#held = []
    this.#lastFlushMs = 0
    this.#timer = undefined
    this.flushes = 0
  }

  get players(): number {
    return this.#players.size
  }

  /** Sends or holds a packet, as the settings say. */
  write(packet: MediaPacket): void {
    const { perMessage, flushMs } = this.#settings
    if (packet.configuration) this.#configure(packet)
    this.#held.push(packet)
    if (perMessage) this.#flush()
    else if (packet.kind === 'video' && this.#timer === undefined) {
      const waitMs = this.#lastFlushMs + flushMs - performance.now()
      if (waitMs <= 0) this.#flush()
      else this.#timer = setTimeout(() => this.#flush(), waitMs)
    }
  }

  #flush(): void {
    this.#timer = undefined
    this.#lastFlushMs = performance.now()
    this.flushes++
    const packets = this.#held
    this.#held = []
    const bytes = this.#frame(packets)
    if (packets.some(({ keyframe, configuration }) => keyframe && !configuration)) this.#gop = []
    this.#gop.push(bytes)
    for (const socket of this.#players) {
      socket.write(this.#settings.perPlayer ? this.#frame(packets) : bytes)
    }
  }

  #frame(packets: readonly MediaPacket[]): Buffer {
    const bytes = this.#framing.frame(packets)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  #configure(packet: MediaPacket): void {
    const { metadata, audio, video } = this.#configuration
    this.#configuration =
      packet.kind === 'audio' ? { metadata, audio: [packet], video } : { metadata, audio, video: [packet] }
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#players.delete(socket))
    socket.once('data', () => {
      const join = FLV_VIEW.create().join(this.#configuration, 0)
      socket.write(Buffer.concat([RESPONSE, join, ...this.#gop]))
      this.#players.add(socket)
    })
  }
}
