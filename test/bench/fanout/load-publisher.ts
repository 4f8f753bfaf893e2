/** A publisher of the load generator. */
import { connect, type Socket } from 'node:net'
import {
  chunkedLength,
  MESSAGE_TYPE_AUDIO,
  MESSAGE_TYPE_SET_CHUNK_SIZE,
  MESSAGE_TYPE_VIDEO,
  writeChunkedMessage,
} from 'millrace/chunk'
import type { MediaPacket } from 'millrace/media'
import { nodeHandshakeCrypto } from 'millrace/node'
import { RtmpClientSession } from 'millrace/rtmp'
import { GOP_MS, SyntheticStream } from './synthetic-stream.ts'

/** Chunk size that OBS and others set. */
const CHUNK_SIZE = 4096

/** Publishes a {@link SyntheticStream} over RTMP, in time. */
export class LoadPublisher {
  readonly #stream: SyntheticStream
  readonly #session: RtmpClientSession
  readonly #socket: Socket
  #startMs: number
  #timer: NodeJS.Timeout | undefined
  #closing: boolean
  /** Body bytes sent. */
  sentBytes: number
  /** Longest time a packet was late, ms. */
  lagMaxMs: number
  /** The connection was refused or ended. */
  lost: boolean

  constructor(port: number, streamName: string, kbps: number) {
    this.#stream = new SyntheticStream(kbps)
    this.#session = new RtmpClientSession({
      crypto: nodeHandshakeCrypto,
      nowMs: performance.now(),
      mode: 'publish',
      app: 'live',
      tcUrl: 'rtmp://127.0.0.1/live',
      streamName,
    })
    this.#startMs = 0
    this.#timer = undefined
    this.#closing = false
    this.sentBytes = 0
    this.lagMaxMs = 0
    this.lost = false
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.on('data', (bytes) => this.#receive(bytes))
    this.#socket.on('error', () => this.#socket.destroy())
    this.#socket.on('close', () => {
      this.lost = !this.#closing
      clearTimeout(this.#timer)
    })
    this.#write()
  }

  /** Whether media is being sent. */
  get started(): boolean {
    return this.#startMs !== 0
  }

  /** Time until half of a GOP has passed, ms: no keyframe is on its way then. */
  get untilMidGopMs(): number {
    return GOP_MS - ((performance.now() - this.#startMs + GOP_MS / 2) % GOP_MS)
  }

  close(): void {
    this.#closing = true
    clearTimeout(this.#timer)
    this.#socket.destroy()
  }

  #receive(bytes: Uint8Array): void {
    this.#session.push(bytes, performance.now())
    for (let event = this.#session.readEvent(); event !== undefined; event = this.#session.readEvent()) {
      if (event.type === 'publishing') this.#start()
      if (event.type === 'close') this.#socket.destroy()
    }
    this.#write()
  }

  #write(): void {
    for (const part of this.#session.takeOutput()) this.#socket.write(part)
  }

  #start(): void {
    this.#write()
    const size = Buffer.alloc(4)
    size.writeUInt32BE(CHUNK_SIZE)
    this.#send(2, 0, MESSAGE_TYPE_SET_CHUNK_SIZE, 0, size)
    for (const packet of this.#stream.configuration()) this.#sendPacket(packet)
    this.#startMs = performance.now()
    this.#play()
  }

  #play(): void {
    for (;;) {
      const lateMs = performance.now() - this.#startMs - this.#stream.nextMs
      if (lateMs < 0) {
        this.#timer = setTimeout(() => this.#play(), Math.max(1, -lateMs))
        return
      }
      this.lagMaxMs = Math.max(this.lagMaxMs, lateMs)
      this.#sendPacket(this.#stream.next())
    }
  }

  #sendPacket({ kind, dts, body }: MediaPacket): void {
    const isVideo = kind === 'video'
    this.#send(isVideo ? 6 : 4, dts, isVideo ? MESSAGE_TYPE_VIDEO : MESSAGE_TYPE_AUDIO, 1, body)
    this.sentBytes += body.length
  }

  #send(
    chunkStreamId: number,
    timestamp: number,
    messageTypeId: number,
    messageStreamId: number,
    body: Uint8Array,
  ): void {
    const out = Buffer.allocUnsafeSlow(chunkedLength(body.length, timestamp, CHUNK_SIZE, chunkStreamId))
    writeChunkedMessage(
      out,
      0,
      { chunkStreamId, timestamp, messageTypeId, messageStreamId, body },
      CHUNK_SIZE,
    )
    this.#socket.write(out)
  }
}
