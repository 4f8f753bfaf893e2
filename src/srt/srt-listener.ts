/**
 * The side that is called: many connections on one port. draft-sharabayko-srt-01 §4.3.1.
 *
 * @module
 */
import { readU32 } from '../bytes/index.ts'
import { MediaError } from '../errors/index.ts'
import { decodeSrtControlPacket, encodeSrtControlPacket, type SrtHandshakePacket } from './control-packet.ts'
import { CookieJar } from './cookie.ts'
import {
  encodePeerAddress,
  EXTENSION_FIELD_MAGIC,
  EXTENSION_FLAG_HANDSHAKE,
  EXTENSION_FLAG_KEY_MATERIAL,
  HANDSHAKE_CONCLUSION,
  HANDSHAKE_INDUCTION,
  SRT_HANDSHAKE_BYTES,
  type SrtHandshake,
} from './handshake.ts'
import type { SrtLatencyExtension } from './handshake-extensions.ts'
import { conclusionFault, latencyExtension, MTU_BYTES, sessionTerms } from './handshake-terms.ts'
import { KeyRing, passphraseBytes } from './key-ring.ts'
import { SRT_HEADER_BYTES } from './packet-header.ts'
import { RateLimit } from './rate-limit.ts'
import { SRT_REJECTION } from './rejection.ts'
import { sessionSettings, type SessionSettings, type SrtSessionOptions } from './session-options.ts'
import { peerKey, type SrtAddress, type SrtDatagram } from './srt-address.ts'
import { randomSocketId, type SrtCrypto } from './srt-crypto.ts'
import { SrtRequest } from './srt-request.ts'
import { SrtSession } from './srt-session.ts'

/** Options of {@link SrtListener}; those of its connections are defaults for {@link SrtRequest.accept}. */
export interface SrtListenerOptions extends SrtSessionOptions {
  /** Functions of the host. */
  readonly crypto: SrtCrypto
  /** The present time, on the clock of `push`. */
  readonly nowMs: number
  /**
   * Connections at a time; more callers are refused.
   * @defaultValue 1024
   */
  readonly maxConnections?: number | undefined
  /**
   * Connections at a time from one IP address; more callers are refused.
   * @defaultValue 256
   */
  readonly maxConnectionsPerAddress?: number | undefined
  /**
   * Callers that wait for a decision; more callers are refused.
   * @defaultValue 256
   */
  readonly maxRequests?: number | undefined
  /**
   * Time for a decision, ms; after it the caller is refused.
   * @defaultValue 3000
   */
  readonly requestTimeoutMs?: number | undefined
  /**
   * Handshake packets that are answered each second, of all callers together; others get no answer, and are sent again.
   * @defaultValue 2000
   */
  readonly maxHandshakesPerSec?: number | undefined
  /**
   * Passphrases that are judged each second, at 1 ms of CPU time; a caller beyond that is refused.
   * @defaultValue 200
   */
  readonly maxKeyDerivationsPerSec?: number | undefined
}

/** A caller waits for a decision. */
export interface SrtRequestEvent {
  /** Discriminant. */
  readonly type: 'request'
  /** The caller. */
  readonly request: SrtRequest
}

interface Pending {
  readonly request: SrtRequest
  readonly key: string
  readonly handshake: SrtHandshake
  readonly extension: SrtLatencyExtension
  readonly timestamp: number
  readonly arrivalMs: number
  prepared: Prepared | undefined
}

/** What has been settled with a caller. */
interface Prepared {
  readonly settings: SessionSettings
  readonly keys: KeyRing | undefined
  readonly receiveLatencyMs: number
  readonly sendLatencyMs: number
}

interface Connection {
  readonly session: SrtSession
  readonly peerKey: string
  /** The answer to its conclusion, for a caller that did not get it. */
  readonly answer: Uint8Array
}

/** A handshake with all extensions fits into one frame. */
const MAX_HANDSHAKE_BYTES = 1500

/**
 * Takes all datagrams of a port, answers handshakes and hands the others to their connections. It keeps nothing of a caller before a
 * cookie has proved its address, and its answers up to there are no longer than the requests.
 *
 * A connection is known by socket id, address and port together: datagrams with its id from elsewhere are ignored.
 */
export class SrtListener {
  readonly #options: SrtListenerOptions
  readonly #settings: SessionSettings
  readonly #cookies: CookieJar
  readonly #handshakeLimit: RateLimit
  readonly #keyLimit: RateLimit
  readonly #pending: Map<string, Pending>
  readonly #connections: Map<number, Connection>
  readonly #answered: Map<string, Connection>
  readonly #perAddress: Map<string, number>
  #nowMs: number
  #output: SrtDatagram[]
  #events: SrtRequestEvent[]
  #isClosed: boolean

  /** @throws RangeError for options out of their range. */
  constructor(options: SrtListenerOptions) {
    this.#options = options
    this.#settings = sessionSettings(options.crypto, options)
    this.#cookies = new CookieJar(options.crypto)
    this.#handshakeLimit = new RateLimit(options.maxHandshakesPerSec ?? 2000, options.nowMs)
    this.#keyLimit = new RateLimit(options.maxKeyDerivationsPerSec ?? 200, options.nowMs)
    this.#pending = new Map()
    this.#connections = new Map()
    this.#answered = new Map()
    this.#perAddress = new Map()
    this.#nowMs = options.nowMs
    this.#output = []
    this.#events = []
    this.#isClosed = false
  }

  /** The connections there are. */
  get sessions(): SrtSession[] {
    return Array.from(this.#connections.values(), ({ session }) => session)
  }

  /**
   * Takes a datagram.
   * @param from - who sent it.
   * @returns the connection that it belongs to: read its events and send its output.
   */
  push(datagram: Uint8Array, from: SrtAddress, nowMs: number): SrtSession | undefined {
    this.#nowMs = Math.max(this.#nowMs, nowMs)
    if (datagram.length < SRT_HEADER_BYTES) return undefined
    const destinationId = readU32(datagram, 12)
    if (destinationId === 0) return this.#handshake(datagram, from)
    const connection = this.#connections.get(destinationId)
    if (connection === undefined || connection.peerKey !== peerKey(from)) return undefined
    connection.session.push(datagram, nowMs)
    return connection.session
  }

  /** The next event, or `undefined`. */
  readEvent(): SrtRequestEvent | undefined {
    return this.#events.shift()
  }

  /** Answers to handshakes; connections have output of their own. */
  takeOutput(): SrtDatagram[] {
    const output = this.#output
    this.#output = []
    return output
  }

  /** When to call {@link SrtListener.handleTimeout}; connections have timeouts of their own. */
  get nextTimeoutMs(): number | undefined {
    // In the order of arrival.
    for (const { arrivalMs } of this.#pending.values()) return arrivalMs + this.#requestTimeoutMs
    return undefined
  }

  /** Refuses callers that have waited for a decision too long. */
  handleTimeout(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs)
    for (const pending of this.#pending.values()) {
      if (this.#nowMs < pending.arrivalMs + this.#requestTimeoutMs) return
      this.#refuse(pending, SRT_REJECTION.timeout)
    }
  }

  /** Refuses all that wait or come; connections go on. */
  close(): void {
    this.#isClosed = true
    for (const pending of this.#pending.values()) this.#refuse(pending, SRT_REJECTION.close)
  }

  get #requestTimeoutMs(): number {
    return this.#options.requestTimeoutMs ?? 3000
  }

  /** A packet for nobody yet: §4.3.1.1. What is malformed gets no answer. */
  #handshake(datagram: Uint8Array, from: SrtAddress): SrtSession | undefined {
    if (datagram.length < SRT_HEADER_BYTES + SRT_HANDSHAKE_BYTES || datagram.length > MAX_HANDSHAKE_BYTES)
      return undefined
    if (readU32(datagram, 0) !== 0x8000_0000) return undefined // control packet of type 0
    if (!this.#handshakeLimit.take(this.#nowMs)) return undefined
    let packet: SrtHandshakePacket | undefined
    try {
      const decoded = decodeSrtControlPacket(datagram)
      if (decoded.type === 'handshake') packet = decoded
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
    }
    if (packet === undefined) {
      this.#malformed(datagram, from)
      return undefined
    }
    const { handshake } = packet
    if (handshake.handshakeType === HANDSHAKE_INDUCTION) this.#induce(handshake, from)
    else if (handshake.handshakeType === HANDSHAKE_CONCLUSION) return this.#conclude(packet, from)
    return undefined
  }

  #induce(handshake: SrtHandshake, from: SrtAddress): void {
    const cookie = this.#cookies.bake(peerKey(from), this.#nowMs)
    // No key length is advertised: libsrt would take it for its own.
    const answer = {
      version: 5,
      encryption: 0,
      extensionField: EXTENSION_FIELD_MAGIC,
      cookie,
      extensions: {},
    }
    this.#send(
      from,
      { ...handshake, ...answer, peerAddress: encodePeerAddress(from.address) },
      handshake.socketId,
    )
  }

  /** A conclusion that cannot be read, from a caller that has proved its address, is refused. */
  #malformed(datagram: Uint8Array, from: SrtAddress): void {
    const fixed = decodeFixed(datagram)
    if (fixed === undefined || !this.#cookies.check(fixed.cookie, peerKey(from), this.#nowMs)) return
    this.#reject(from, fixed, SRT_REJECTION.rogue)
  }

  #conclude(packet: SrtHandshakePacket, from: SrtAddress): SrtSession | undefined {
    const { handshake } = packet
    const key = peerKey(from)
    if (!this.#cookies.check(handshake.cookie, key, this.#nowMs)) return undefined
    const requestKey = `${key} ${handshake.socketId} ${handshake.initialSequenceNumber}`
    const answered = this.#answered.get(requestKey)
    if (answered !== undefined) {
      answered.session.repeat(answered.answer)
      return answered.session
    }
    if (this.#pending.has(requestKey)) return undefined
    const { extensions } = handshake
    const extension = extensions.request
    const reason = conclusionFault(handshake) ?? this.#noRoom(from)
    if (reason !== undefined || extension === undefined) {
      this.#reject(from, handshake, reason ?? SRT_REJECTION.rogue)
      return undefined
    }
    const request = new SrtRequest(this, {
      peer: from,
      streamId: extensions.streamId ?? '',
      isEncrypted: extensions.keyRequest !== undefined,
      peerVersion: extension.srtVersion,
      receiveLatencyMs: extension.receiveLatencyMs,
      sendLatencyMs: extension.sendLatencyMs,
    })
    const kept = { ...handshake, extensions: { ...extensions, keyRequest: extensions.keyRequest?.slice() } }
    this.#pending.set(requestKey, {
      request,
      key: requestKey,
      handshake: kept,
      extension,
      timestamp: packet.timestamp,
      arrivalMs: this.#nowMs,
      prepared: undefined,
    })
    this.#events.push({ type: 'request', request })
    return undefined
  }

  /** Why there is no room for a caller. */
  #noRoom(peer: SrtAddress): number | undefined {
    if (this.#pending.size >= (this.#options.maxRequests ?? 256)) return SRT_REJECTION.backlog
    return this.#roomObjection(peer)
  }

  /** @internal */
  prepare(request: SrtRequest, options: SrtSessionOptions): boolean {
    const pending = this.#pendingOf(request)
    return pending !== undefined && this.#prepare(pending, options) !== undefined
  }

  /** @internal */
  accept(request: SrtRequest, options: SrtSessionOptions): SrtSession | undefined {
    const pending = this.#pendingOf(request)
    const prepared = pending && (pending.prepared ?? this.#prepare(pending, options))
    if (pending === undefined || prepared === undefined) return undefined
    const objection = this.#roomObjection(request.peer)
    if (objection !== undefined) return this.#refuse(pending, objection)
    this.#pending.delete(pending.key)
    const { handshake, extension } = pending
    const { settings, keys, receiveLatencyMs, sendLatencyMs } = prepared
    const session = new SrtSession(settings, this.#newSocketId(), this.#nowMs)
    const peerArrivalUs = Math.round(pending.arrivalMs * 1000)
    const settled = { receiveLatencyMs, sendLatencyMs, keys, peerArrivalUs, peerTimestamp: pending.timestamp }
    session.establish(sessionTerms(handshake, extension, settings, settled))
    const answer = encodeSrtControlPacket({
      type: 'handshake',
      timestamp: 0, // of the session, which begins here
      destinationId: handshake.socketId,
      handshake: {
        ...handshake,
        encryption: keys?.encryption ?? 0,
        extensionField: EXTENSION_FLAG_HANDSHAKE | (keys === undefined ? 0 : EXTENSION_FLAG_KEY_MATERIAL),
        mtuBytes: Math.min(handshake.mtuBytes, MTU_BYTES),
        flowWindowPackets: settings.maxReceivePackets,
        socketId: session.socketId,
        peerAddress: encodePeerAddress(request.peer.address),
        extensions: {
          response: latencyExtension(receiveLatencyMs, sendLatencyMs),
          keyResponse: keys && handshake.extensions.keyRequest,
        },
      },
    })
    session.repeat(answer)
    this.#keep(session, request.peer, pending.key, answer)
    return session
  }

  /** @internal */
  reject(request: SrtRequest, reason: number): void {
    const pending = this.#pendingOf(request)
    if (pending !== undefined) this.#refuse(pending, reason)
  }

  #keep(session: SrtSession, peer: SrtAddress, requestKey: string, answer: Uint8Array): void {
    const connection = { session, peerKey: peerKey(peer), answer }
    this.#connections.set(session.socketId, connection)
    this.#answered.set(requestKey, connection)
    this.#perAddress.set(peer.address, (this.#perAddress.get(peer.address) ?? 0) + 1)
    session.onClose(() => {
      this.#connections.delete(session.socketId)
      this.#answered.delete(requestKey)
      const left = this.#perAddress.get(peer.address)! - 1
      if (left === 0) this.#perAddress.delete(peer.address)
      else this.#perAddress.set(peer.address, left)
    })
  }

  /** Settles latency and keys of a caller; refuses it if they cannot be. */
  #prepare(pending: Pending, options: SrtSessionOptions): Prepared | undefined {
    const settings = sessionSettings(this.#options.crypto, { ...this.#options, ...options })
    const receiveLatencyMs = Math.max(settings.receiveLatencyMs, pending.extension.sendLatencyMs)
    const sendLatencyMs = Math.max(settings.sendLatencyMs, pending.extension.receiveLatencyMs)
    if (Math.max(receiveLatencyMs, sendLatencyMs) > settings.maxLatencyMs) {
      return this.#refuse(pending, SRT_REJECTION.resource)
    }
    const keys = this.#keysOf(pending, settings)
    if (typeof keys === 'number') return this.#refuse(pending, keys)
    pending.prepared = { settings, keys, receiveLatencyMs, sendLatencyMs }
    return pending.prepared
  }

  /** The keys of a connection, or why there are none. */
  #keysOf({ handshake }: Pending, settings: SessionSettings): KeyRing | undefined | number {
    const { keyRequest } = handshake.extensions
    const { passphrase, crypto } = settings
    if (passphrase === undefined && keyRequest === undefined) return undefined
    if (passphrase === undefined || keyRequest === undefined) return SRT_REJECTION.unsecure
    const secret = passphraseBytes(passphrase)
    if (!this.#keyLimit.take(this.#nowMs)) return SRT_REJECTION.overload
    try {
      const keys = KeyRing.fromMessage(crypto, secret, keyRequest)
      return typeof keys === 'string'
        ? SRT_REJECTION[keys === 'cryptoMode' ? 'cryptoMode' : 'badSecret']
        : keys
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      return SRT_REJECTION.rogue
    }
  }

  #roomObjection({ address }: SrtAddress): number | undefined {
    if (this.#isClosed) return SRT_REJECTION.close
    const { maxConnections = 1024, maxConnectionsPerAddress = 256 } = this.#options
    const isFull =
      this.#connections.size >= maxConnections ||
      (this.#perAddress.get(address) ?? 0) >= maxConnectionsPerAddress
    return isFull ? SRT_REJECTION.overload : undefined
  }

  #pendingOf(request: SrtRequest): Pending | undefined {
    for (const pending of this.#pending.values()) if (pending.request === request) return pending
    return undefined
  }

  #refuse(pending: Pending, reason: number): undefined {
    this.#pending.delete(pending.key)
    this.#reject(pending.request.peer, pending.handshake, reason)
  }

  #reject(to: SrtAddress, handshake: SrtHandshake, reason: number): void {
    this.#send(to, { ...handshake, version: 5, handshakeType: reason, extensions: {} }, handshake.socketId)
  }

  #send(to: SrtAddress, handshake: SrtHandshake, destinationId: number): void {
    if (this.#output.length >= this.#settings.maxOutputDatagrams) return
    const timestamp = Math.round((this.#nowMs - this.#options.nowMs) * 1000) >>> 0
    this.#output.push({
      to,
      bytes: encodeSrtControlPacket({ type: 'handshake', timestamp, destinationId, handshake }),
    })
  }

  #newSocketId(): number {
    let id = randomSocketId(this.#options.crypto)
    while (this.#connections.has(id)) id = (id + 1) & 0x3fff_ffff || 1
    return id
  }
}

/** The first 48 bytes of a conclusion whose extensions cannot be read. */
function decodeFixed(datagram: Uint8Array): SrtHandshake | undefined {
  try {
    const packet = decodeSrtControlPacket(datagram.subarray(0, SRT_HEADER_BYTES + SRT_HANDSHAKE_BYTES))
    return packet.type === 'handshake' ? packet.handshake : undefined
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    return undefined
  }
}
