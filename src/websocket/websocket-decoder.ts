/**
 * Frames of a WebSocket peer put together to messages. RFC 6455 §5.4 to §5.6, without extensions.
 *
 * @module
 */
import { concatBytes, EMPTY_BYTES } from '../bytes/index.ts'
import { DecodeError, LimitError, MediaError } from '../errors/index.ts'
import { decodeText } from './text.ts'
import { decodeWebSocketClose } from './websocket-close.ts'
import {
  decodeWebSocketFrameHeader,
  maskInto,
  WEBSOCKET_MAX_CONTROL_BYTES,
  WEBSOCKET_OPCODE_BINARY,
  WEBSOCKET_OPCODE_CLOSE,
  WEBSOCKET_OPCODE_CONTINUATION,
  WEBSOCKET_OPCODE_PING,
  WEBSOCKET_OPCODE_PONG,
  WEBSOCKET_OPCODE_TEXT,
  type WebSocketFrameHeader,
} from './websocket-frame.ts'

/** Bytes from a peer: a complete message, or a control frame. */
export interface WebSocketDataMessage {
  /** `ping` asks for a pong with the same data. */
  readonly type: 'binary' | 'ping' | 'pong'
  /** The payload, unmasked; the reader owns it. */
  readonly data: Uint8Array
}

/** Text from a peer. */
export interface WebSocketTextMessage {
  /** Discriminant. */
  readonly type: 'text'
  /** The complete message. */
  readonly text: string
}

/** The peer closes; nothing follows. */
export interface WebSocketCloseMessage {
  /** Discriminant. */
  readonly type: 'close'
  /** Its close code, 1005 when it gave none. */
  readonly code: number
  /** Its reason, `''` when it gave none. */
  readonly reason: string
}

/** What a peer sent. */
export type WebSocketMessage = WebSocketDataMessage | WebSocketTextMessage | WebSocketCloseMessage

/** Options of a {@link WebSocketDecoder}. */
export interface WebSocketDecoderOptions {
  /** Bytes of one message, all fragments together. Memory is taken as they arrive. @defaultValue 1048576 */
  readonly maxMessageBytes?: number
  /** Whose frames these are: a client masks them, a server does not. @defaultValue `'client'` */
  readonly peer?: 'client' | 'server'
}

/**
 * Turns bytes of one peer into messages: `push` what arrives, then `read` until `undefined`. After a close,
 * bytes are ignored.
 */
export class WebSocketDecoder {
  readonly #maxMessageBytes: number
  readonly #masked: boolean
  #messages: WebSocketMessage[]
  #readIndex: number
  /** Bytes of an incomplete header. */
  #partial: Uint8Array
  #frame: WebSocketFrameHeader | undefined
  #frameBytes: number
  /** Opcode of the message that waits for fragments, 0 when none does. */
  #fragmented: number
  #data: Payload
  #control: Payload
  #closed: boolean
  #failure: MediaError | undefined

  /** @param options - bounds and the peer's role. */
  constructor(options: WebSocketDecoderOptions = {}) {
    this.#maxMessageBytes = options.maxMessageBytes ?? 1_048_576
    this.#masked = (options.peer ?? 'client') === 'client'
    this.#messages = []
    this.#readIndex = 0
    this.#partial = EMPTY_BYTES
    this.#frame = undefined
    this.#frameBytes = 0
    this.#fragmented = 0
    this.#data = new Payload()
    this.#control = new Payload()
    this.#closed = false
    this.#failure = undefined
  }

  /** Whether a close frame came. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * Takes bytes; the buffer may be reused at once. Messages that came before an error can still be read.
   * @throws DecodeError `ERR_WEBSOCKET_FRAME` for a frame that breaks the protocol, `ERR_WEBSOCKET_TEXT` for
   * text that is not UTF-8, `ERR_WEBSOCKET_CLOSE` for a close code that may not be sent.
   * @throws LimitError `ERR_WEBSOCKET_MESSAGE_BYTES` for a message beyond `maxMessageBytes`, as soon as a
   * header says so. Every later call throws the same again. {@link webSocketCloseCode} says what to tell the
   * peer.
   */
  push(bytes: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure
    try {
      this.#push(bytes)
    } catch (error) {
      if (error instanceof MediaError) this.#failure = error
      throw error
    }
  }

  /** Takes the next message, or `undefined` when more bytes are needed. */
  read(): WebSocketMessage | undefined {
    const message = this.#messages[this.#readIndex]
    if (message === undefined) return undefined
    this.#readIndex += 1
    if (this.#readIndex === this.#messages.length) {
      this.#messages = []
      this.#readIndex = 0
    }
    return message
  }

  #push(bytes: Uint8Array): void {
    let window = bytes
    let at = 0
    if (this.#partial.length > 0) {
      // At most 13 bytes waited, so this copy happens only if a header was cut.
      window = concatBytes([this.#partial, bytes])
      this.#partial = EMPTY_BYTES
    }
    while (!this.#closed) {
      if (this.#frame === undefined) {
        const header = decodeWebSocketFrameHeader(window, at)
        if (header === undefined) {
          this.#partial = window.slice(at)
          return
        }
        this.#check(header)
        this.#frame = header
        this.#frameBytes = 0
        at += header.headerBytes
      }
      const frame = this.#frame
      const part = window.subarray(at, at + frame.payloadBytes - this.#frameBytes)
      const payload = frame.opcode >= WEBSOCKET_OPCODE_CLOSE ? this.#control : this.#data
      payload.append(part, frame.payloadBytes - this.#frameBytes, frame.maskingKey, this.#frameBytes)
      this.#frameBytes += part.length
      at += part.length
      if (this.#frameBytes < frame.payloadBytes) return
      this.#frame = undefined
      this.#finish(frame)
    }
  }

  #check(frame: WebSocketFrameHeader): void {
    const { opcode, fin, payloadBytes } = frame
    if (frame.reserved !== 0) fail(`reserved bits ${frame.reserved}, no extension was agreed on`)
    if ((frame.maskingKey !== undefined) !== this.#masked)
      fail(this.#masked ? 'no masking key' : 'a masking key')
    if (opcode >= WEBSOCKET_OPCODE_CLOSE) {
      if (opcode > WEBSOCKET_OPCODE_PONG) fail(`opcode ${opcode}`)
      if (!fin) fail('a fragmented control frame')
      if (payloadBytes > WEBSOCKET_MAX_CONTROL_BYTES) fail(`a control frame of ${payloadBytes} bytes`)
      return
    }
    if (opcode > WEBSOCKET_OPCODE_BINARY) fail(`opcode ${opcode}`)
    if (opcode === WEBSOCKET_OPCODE_CONTINUATION && this.#fragmented === 0) fail('a continuation of nothing')
    if (opcode !== WEBSOCKET_OPCODE_CONTINUATION && this.#fragmented !== 0)
      fail('a new message before the last fragment of the one before')
    const total = this.#data.length + payloadBytes
    if (total > this.#maxMessageBytes) {
      throw new LimitError(
        'ERR_WEBSOCKET_MESSAGE_BYTES',
        `WebSocket message of ${total} bytes exceeds maxMessageBytes ${this.#maxMessageBytes}`,
      )
    }
  }

  #finish({ opcode, fin }: WebSocketFrameHeader): void {
    if (opcode >= WEBSOCKET_OPCODE_CLOSE) {
      this.#finishControl(opcode, this.#control.take())
      return
    }
    const type = opcode === WEBSOCKET_OPCODE_CONTINUATION ? this.#fragmented : opcode
    this.#fragmented = fin ? 0 : type
    if (!fin) return
    const data = this.#data.take()
    this.#messages.push(
      type === WEBSOCKET_OPCODE_TEXT ? { type: 'text', text: decodeText(data) } : { type: 'binary', data },
    )
  }

  #finishControl(opcode: number, data: Uint8Array): void {
    if (opcode === WEBSOCKET_OPCODE_PING) this.#messages.push({ type: 'ping', data })
    else if (opcode === WEBSOCKET_OPCODE_PONG) this.#messages.push({ type: 'pong', data })
    else {
      this.#messages.push({ type: 'close', ...decodeWebSocketClose(data) })
      this.#closed = true
    }
  }
}

/** Bytes of a message that grows: a length in a header takes no memory before its bytes come. */
class Payload {
  #bytes: Uint8Array
  #length: number

  constructor() {
    this.#bytes = EMPTY_BYTES
    this.#length = 0
  }

  get length(): number {
    return this.#length
  }

  /**
   * Appends `part`, unmasked.
   * @param announced - bytes of the frame that are still to come, `part` included.
   */
  append(part: Uint8Array, announced: number, maskingKey: Uint8Array | undefined, phase: number): void {
    const length = this.#length + part.length
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(
        Math.max(length, Math.min(this.#length + announced, this.#bytes.length * 2)),
      )
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    if (maskingKey === undefined) this.#bytes.set(part, this.#length)
    else maskInto(this.#bytes, this.#length, part, maskingKey, phase)
    this.#length = length
  }

  /** The bytes, in an array of their size, and an empty start. */
  take(): Uint8Array {
    const bytes = this.#length === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#length)
    this.#bytes = EMPTY_BYTES
    this.#length = 0
    return bytes
  }
}

function fail(what: string): never {
  throw new DecodeError('ERR_WEBSOCKET_FRAME', `WebSocket frame with ${what}`)
}
