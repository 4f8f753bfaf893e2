/**
 * What the two sessions have in common below their commands: handshake, chunk stream and acknowledgements.
 *
 * @module
 */
import type { Amf0DecodeOptions } from '../amf0/index.ts'
import { ChunkDecoder, ChunkEncoder, type ChunkDecoderOptions, type ChunkMessage } from '../chunk/index.ts'
import { LimitError } from '../errors/index.ts'
import { FlowControl } from './flow-control.ts'
import { decodeRtmpMessage, encodeRtmpMessage } from './message-codec.ts'
import type { RtmpMessage } from './rtmp-message.ts'

/** Either side's handshake, as far as a session needs it. */
export interface Handshake {
  readonly done: boolean
  push(bytes: Uint8Array, nowMs: number): number
  takeOutput(): Uint8Array[]
}

/** Bounds that both sessions hand down. */
export interface SessionIoOptions {
  readonly chunk: ChunkDecoderOptions | undefined
  readonly amf0: Amf0DecodeOptions | undefined
  readonly maxOutputBytes: number
  readonly windowAcknowledgementSize: number
}

/** Bytes ↔ messages of one connection. */
export class SessionIo {
  readonly flow: FlowControl
  readonly #handshake: Handshake
  readonly #decoder: ChunkDecoder
  readonly #encoder: ChunkEncoder
  readonly #amf0: Amf0DecodeOptions | undefined
  readonly #maxOutputBytes: number
  #output: Uint8Array[]
  #outputBytes: number

  constructor(handshake: Handshake, options: SessionIoOptions) {
    this.flow = new FlowControl(options.windowAcknowledgementSize)
    this.#handshake = handshake
    this.#decoder = new ChunkDecoder(options.chunk)
    this.#encoder = new ChunkEncoder()
    this.#amf0 = options.amf0
    this.#maxOutputBytes = options.maxOutputBytes
    this.#output = []
    this.#outputBytes = 0
  }

  get handshakeDone(): boolean {
    return this.#handshake.done
  }

  /** Bytes of the peer, handshake first. Throws what the handshake and the chunk decoder throw. */
  push(bytes: Uint8Array, nowMs: number): void {
    let at = 0
    if (!this.#handshake.done) {
      at = this.#handshake.push(bytes, nowMs)
      this.drainHandshake()
    }
    if (at < bytes.length) this.#decoder.push(at === 0 ? bytes : bytes.subarray(at))
  }

  /** See {@link ChunkDecoder.setMaxAssemblingBytes}. */
  setMaxAssemblingBytes(bytes: number): void {
    this.#decoder.setMaxAssemblingBytes(bytes)
  }

  /** Moves what the handshake has to say to the output. */
  drainHandshake(): void {
    for (const part of this.#handshake.takeOutput()) this.#write(part)
  }

  /** The next complete message. */
  read(): ChunkMessage | undefined {
    return this.#decoder.read()
  }

  decode(message: ChunkMessage): RtmpMessage {
    return decodeRtmpMessage(message, this.#amf0)
  }

  /**
   * Sends control and command messages, all or none: what cannot be encoded throws before the first is
   * written.
   * @throws LimitError `ERR_RTMP_OUTPUT` when nobody takes the output.
   */
  send(...messages: readonly RtmpMessage[]): void {
    if (this.#outputBytes > this.#maxOutputBytes) {
      throw new LimitError(
        'ERR_RTMP_OUTPUT',
        `${this.#outputBytes} bytes of output not taken exceed maxOutputBytes ${this.#maxOutputBytes}`,
      )
    }
    const encoded = messages.map(encodeRtmpMessage)
    for (const [i, message] of messages.entries()) {
      this.#write(this.#encoder.encode(encoded[i]!))
      // The new size holds from the next message on, RTMP 1.0 §5.4.1.
      if (message.type === 'setChunkSize') this.#encoder.chunkSize = message.chunkSize
    }
  }

  /** Sends media, which the caller bounds. */
  sendMedia(message: ChunkMessage): void {
    this.#write(this.#encoder.encode(message))
  }

  /** Sends an acknowledgement when one is due. */
  acknowledge(): void {
    const sequenceNumber = this.flow.takeAcknowledgement()
    if (sequenceNumber !== undefined) this.send({ type: 'acknowledgement', sequenceNumber })
  }

  takeOutput(): Uint8Array[] {
    const output = this.#output
    this.#output = []
    this.#outputBytes = 0
    return output
  }

  #write(bytes: Uint8Array): void {
    this.#output.push(bytes)
    this.#outputBytes += bytes.length
    this.flow.countSent(bytes.length)
  }
}
