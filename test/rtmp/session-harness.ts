/** What the tests of the sessions share: a session that is driven, and its output in words. */
import { propertiesOf, type Amf0Value } from 'millrace/amf0'
import { ChunkDecoder } from 'millrace/chunk'
import { decodeRtmpMessage, RtmpClientSession, RtmpServerSession } from 'millrace/rtmp'
import type {
  RtmpClientEvent,
  RtmpClientSessionOptions,
  RtmpMessage,
  RtmpServerEvent,
  RtmpServerSessionOptions,
} from 'millrace/rtmp'
import { C0C1C2, command } from '../support/rtmp-bytes.ts'
import { testCrypto } from '../support/handshake-crypto.ts'
import { join } from '../support/bytes.ts'

/** Bytes of S0 S1 S2. */
export const HANDSHAKE_BYTES = 1 + 2 * 1536

/** Reads a peer's output after the handshake, at any split. */
export class OutputReader {
  readonly #decoder = new ChunkDecoder()
  #skip: number

  /** @param skip - bytes of the handshake before the first chunk. */
  constructor(skip = HANDSHAKE_BYTES) {
    this.#skip = skip
  }

  /** The messages in `parts`. */
  read(parts: readonly Uint8Array[]): RtmpMessage[] {
    for (const part of parts) {
      const skipped = Math.min(this.#skip, part.length)
      this.#skip -= skipped
      if (skipped < part.length) this.#decoder.push(part.subarray(skipped))
    }
    const messages: RtmpMessage[] = []
    for (let message = this.#decoder.read(); message !== undefined; message = this.#decoder.read()) {
      messages.push(decodeRtmpMessage(message))
    }
    return messages
  }
}

/** A message in a few words: `_result 4 1`, `onStatus 0 NetStream.Publish.Start`, `setChunkSize 65536` … */
export function words(message: RtmpMessage): string {
  switch (message.type) {
    case 'setChunkSize':
      return `setChunkSize ${message.chunkSize}`
    case 'acknowledgement':
      return `acknowledgement ${message.sequenceNumber}`
    case 'windowAcknowledgementSize':
      return `windowAcknowledgementSize ${message.windowBytes}`
    case 'setPeerBandwidth':
      return `setPeerBandwidth ${message.windowBytes} ${message.limitType}`
    case 'userControl':
      return Object.values(message.event).join(' ')
    case 'command':
      return [message.name, message.transactionId, ...message.args.map(short)].join(' ')
    case 'data':
      return ['data', ...message.values.map(short)].join(' ')
    case 'abort':
    case 'audio':
    case 'video':
    case 'aggregate':
    case 'sharedObject':
    case 'unknown':
      return message.type
    default: {
      const never: never = message
      return never
    }
  }
}

function short(value: Amf0Value): string {
  const properties = propertiesOf(value)
  if (properties === undefined)
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
  return typeof properties['code'] === 'string' ? properties['code'] : `{${Object.keys(properties).join()}}`
}

/** A server session with a clock that the test moves. */
export class ServerHarness {
  readonly session: RtmpServerSession
  readonly #output = new OutputReader()
  nowMs: number

  constructor(options: Partial<RtmpServerSessionOptions> = {}) {
    this.nowMs = options.nowMs ?? 1000
    this.session = new RtmpServerSession({ crypto: testCrypto(), nowMs: this.nowMs, ...options })
  }

  /** Gives bytes, takes every event. */
  push(...parts: readonly Uint8Array[]): RtmpServerEvent[] {
    for (const part of parts) this.session.push(part, this.nowMs)
    return this.events()
  }

  /** Every event that is ready. */
  events(): RtmpServerEvent[] {
    const events: RtmpServerEvent[] = []
    for (let event = this.session.readEvent(); event !== undefined; event = this.session.readEvent()) {
      events.push(event)
    }
    return events
  }

  /** The messages of the output. */
  messages(): RtmpMessage[] {
    return this.#output.read(this.session.takeOutput())
  }

  /** The output in words. */
  output(): string[] {
    return this.messages().map(words)
  }

  /** Moves the clock to the session's next timeout and beyond, till `untilMs`. */
  sleep(ms: number): RtmpServerEvent[] {
    const untilMs = this.nowMs + ms
    const events: RtmpServerEvent[] = []
    for (;;) {
      const due = this.session.nextTimeoutMs
      if (due === undefined || due > untilMs) break
      this.nowMs = Math.max(due, this.nowMs)
      this.session.handleTimeout(this.nowMs)
      events.push(...this.events())
    }
    this.nowMs = untilMs
    return events
  }
}

/** A handshake and a `connect` as librtmp sends it to publish. */
export const HELLO: Uint8Array = join(
  C0C1C2,
  command('connect', 1, { app: 'live', type: 'nonprivate', flashVer: 'FMLE/3.0', tcUrl: 'rtmp://host/live' }),
)

/** A session whose client is connected; the output so far is dropped. */
export function connected(options: Partial<RtmpServerSessionOptions> = {}): ServerHarness {
  const harness = new ServerHarness(options)
  harness.push(HELLO)
  harness.session.acceptConnect()
  harness.events()
  harness.output()
  return harness
}

/** A client session with a clock that the test moves. */
export class ClientHarness {
  readonly session: RtmpClientSession
  readonly #output = new OutputReader()
  nowMs: number

  constructor(options: Partial<RtmpClientSessionOptions> = {}) {
    this.nowMs = options.nowMs ?? 1000
    this.session = new RtmpClientSession({
      crypto: testCrypto(2),
      nowMs: this.nowMs,
      mode: 'publish',
      app: 'live',
      tcUrl: 'rtmp://host/live',
      streamName: 'cam',
      ...options,
    })
  }

  /** Gives bytes, takes every event. */
  push(...parts: readonly Uint8Array[]): RtmpClientEvent[] {
    for (const part of parts) this.session.push(part, this.nowMs)
    return this.events()
  }

  /** Every event that is ready. */
  events(): RtmpClientEvent[] {
    const events: RtmpClientEvent[] = []
    for (let event = this.session.readEvent(); event !== undefined; event = this.session.readEvent()) {
      events.push(event)
    }
    return events
  }

  /** The messages of the output. */
  messages(): RtmpMessage[] {
    return this.#output.read(this.session.takeOutput())
  }

  /** The output in words. */
  output(): string[] {
    return this.messages().map(words)
  }

  /** Moves the clock through every timeout till `ms` later. */
  sleep(ms: number): RtmpClientEvent[] {
    const untilMs = this.nowMs + ms
    const events: RtmpClientEvent[] = []
    for (;;) {
      const due = this.session.nextTimeoutMs
      if (due === undefined || due > untilMs) break
      this.nowMs = Math.max(due, this.nowMs)
      this.session.handleTimeout(this.nowMs)
      events.push(...this.events())
    }
    this.nowMs = untilMs
    return events
  }
}
