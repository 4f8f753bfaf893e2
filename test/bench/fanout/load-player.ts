/** A player of the load generator: RTMP, HTTP-FLV or WebSocket-FLV over one socket. */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { FlvDemuxer } from 'millrace/flv'
import type { MediaPacket } from 'millrace/media'
import { nodeHandshakeCrypto } from 'millrace/node'
import { RtmpClientSession } from 'millrace/rtmp'
import { WebSocketDecoder } from 'millrace/websocket'
import type { Protocol } from './settings.ts'
import { machineMicros, readStamp } from './synthetic-stream.ts'

/** Where players connect to. */
export interface Target {
  readonly protocol: Protocol
  readonly port: number
  /** Name of the stream in the application `live`. */
  readonly streamName: string
}

/** Bytes to packets, for one protocol. */
interface Reader {
  push(bytes: Buffer): void
  read(): MediaPacket | undefined
  /** What is to be sent to the server. */
  takeOutput(): readonly Uint8Array[]
}

const NOTHING: readonly Uint8Array[] = []
/** One buffer for all sockets: what it holds is read or counted before the next socket's turn. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024)

/** Watches delay and loss of one player, or only counts its bytes. */
export class LoadPlayer {
  #receivedBytes: number
  #reader: Reader | undefined
  readonly #socket: Socket
  readonly #sampled: boolean
  readonly #protocol: Protocol
  readonly #startMs: number
  readonly #latencies: number[]
  #nextNumber: number
  /** From `connect` to the first whole keyframe, ms; `undefined` until then. */
  joinMs: number | undefined
  /** Video frames that never came. */
  missingFrames: number
  /** The connection ended before {@link LoadPlayer.close}. */
  lost: boolean
  #closing: boolean

  /**
   * @param sampled - parses everything; otherwise up to the first keyframe, and counts from there on.
   * @param latencies - where the delay of each frame of a sampled player goes, ms.
   */
  constructor(target: Target, sampled: boolean, latencies: number[]) {
    this.#receivedBytes = 0
    this.#reader = openReader(target)
    this.#sampled = sampled
    this.#protocol = target.protocol
    this.#startMs = performance.now()
    this.#latencies = latencies
    this.#nextNumber = -1
    this.joinMs = undefined
    this.missingFrames = 0
    this.lost = false
    this.#closing = false
    this.#socket = connect({
      host: '127.0.0.1',
      port: target.port,
      noDelay: true,
      onread: { buffer: READ_BUFFER, callback: (length) => this.#receive(length) },
    })
    this.#socket.on('error', () => this.#socket.destroy())
    this.#socket.on('close', () => {
      this.lost = !this.#closing
    })
    this.#send(this.#reader)
  }

  /** Bytes so far. */
  get receivedBytes(): number {
    return this.#receivedBytes
  }

  /** Tells an RTMP server what was received, as players do. */
  acknowledge(): void {
    if (this.#protocol !== 'rtmp' || this.#reader !== undefined || this.#socket.destroyed) return
    const message = Buffer.from('020000000000040300000000'.concat('00000000'), 'hex')
    message.writeUInt32BE(this.#receivedBytes % 2 ** 32, 12)
    this.#socket.write(message)
  }

  close(): void {
    this.#closing = true
    this.#socket.destroy()
  }

  #receive(length: number): boolean {
    this.#receivedBytes += length
    const reader = this.#reader
    if (reader === undefined) return true
    reader.push(READ_BUFFER.subarray(0, length))
    for (let packet = reader.read(); packet !== undefined; packet = reader.read()) this.#watch(packet)
    this.#send(reader)
    if (this.joinMs !== undefined && !this.#sampled) this.#reader = undefined
    return true
  }

  #watch(packet: MediaPacket): void {
    if (packet.kind !== 'video' || packet.configuration || packet.endOfSequence) return
    if (this.joinMs === undefined && packet.keyframe) this.joinMs = performance.now() - this.#startMs
    if (!this.#sampled) return
    const { sentMicros, number } = readStamp(packet.body)
    this.#latencies.push((machineMicros() - sentMicros) / 1000)
    if (this.#nextNumber >= 0) this.missingFrames += Math.max(0, number - this.#nextNumber)
    this.#nextNumber = number + 1
  }

  #send(reader: Reader): void {
    if (this.#socket.destroyed) return
    for (const part of reader.takeOutput()) this.#socket.write(part)
  }
}

function openReader({ protocol, streamName }: Target): Reader {
  switch (protocol) {
    case 'rtmp':
      return new RtmpReader(streamName)
    case 'flv':
      return new FlvReader(streamName)
    case 'ws':
      return new WebSocketReader(streamName)
  }
}

class RtmpReader implements Reader {
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

  push(bytes: Buffer): void {
    this.#session.push(bytes, performance.now())
  }

  read(): MediaPacket | undefined {
    for (let event = this.#session.readEvent(); event !== undefined; event = this.#session.readEvent()) {
      if (event.type === 'media') return event.packet
    }
    return undefined
  }

  takeOutput(): readonly Uint8Array[] {
    return this.#session.takeOutput()
  }
}

/** Passes over the head of an HTTP response. */
class ResponseHead {
  #text = ''
  #done = false

  /** @returns what follows the head, `undefined` while it is not whole. */
  skip(bytes: Buffer): Buffer | undefined {
    if (this.#done) return bytes
    const before = this.#text.length
    this.#text += bytes.toString('latin1')
    const end = this.#text.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    this.#done = true
    return bytes.subarray(end + 4 - before)
  }
}

class FlvReader implements Reader {
  readonly #head = new ResponseHead()
  readonly #demuxer = new FlvDemuxer()
  #request: readonly Uint8Array[]

  constructor(streamName: string) {
    this.#request = [Buffer.from(`GET /live/${streamName}.flv HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)]
  }

  push(bytes: Buffer): void {
    const body = this.#head.skip(bytes)
    if (body !== undefined) this.#demuxer.push(body)
  }

  read(): MediaPacket | undefined {
    return this.#demuxer.read()
  }

  takeOutput(): readonly Uint8Array[] {
    const request = this.#request
    this.#request = NOTHING
    return request
  }
}

class WebSocketReader implements Reader {
  readonly #head = new ResponseHead()
  readonly #decoder = new WebSocketDecoder({ peer: 'server', maxMessageBytes: 64 * 1024 * 1024 })
  readonly #demuxer = new FlvDemuxer()
  #request: readonly Uint8Array[]

  constructor(streamName: string) {
    const key = randomBytes(16).toString('base64')
    this.#request = [
      Buffer.from(
        `GET /live/${streamName}.flv HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      ),
    ]
  }

  push(bytes: Buffer): void {
    const body = this.#head.skip(bytes)
    if (body !== undefined) {
      this.#decoder.push(body)
      for (let message = this.#decoder.read(); message !== undefined; message = this.#decoder.read()) {
        if (message.type === 'binary') this.#demuxer.push(message.data)
      }
    }
  }

  read(): MediaPacket | undefined {
    return this.#demuxer.read()
  }

  takeOutput(): readonly Uint8Array[] {
    const request = this.#request
    this.#request = NOTHING
    return request
  }
}
