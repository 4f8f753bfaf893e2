/**
 * The side that opens a connection. draft-sharabayko-srt-01 §4.3.1.
 *
 * @module
 */
import { equalBytes } from '../bytes/index.ts'
import { LimitError, ProtocolError } from '../errors/index.ts'
import type { SrtHandshakePacket } from './control-packet.ts'
import {
  encodePeerAddress,
  EXTENSION_FIELD_INDUCTION,
  EXTENSION_FIELD_MAGIC,
  EXTENSION_FLAG_CONFIG,
  EXTENSION_FLAG_HANDSHAKE,
  EXTENSION_FLAG_KEY_MATERIAL,
  HANDSHAKE_CONCLUSION,
  HANDSHAKE_INDUCTION,
  HANDSHAKE_REJECTION,
  type SrtHandshake,
} from './handshake.ts'
import { hasUsableSizes, latencyExtension, MTU_BYTES, sessionTerms } from './handshake-terms.ts'
import type { SrtKeyBytes } from './key-material.ts'
import { KeyRing, passphraseBytes } from './key-ring.ts'
import { srtRejectionName } from './rejection.ts'
import { sessionSettings, type SrtSessionOptions } from './session-options.ts'
import { randomSequenceNumber, randomSocketId, type SrtCrypto } from './srt-crypto.ts'
import { SrtSession } from './srt-session.ts'

/** Options of {@link SrtCallerSession}. */
export interface SrtCallerOptions extends SrtSessionOptions {
  /** Functions of the host. */
  readonly crypto: SrtCrypto
  /** The present time, on the clock of `push`. */
  readonly nowMs: number
  /** IP address of the listener; no peer is known to read it. */
  readonly peerAddress?: string | undefined
  /** What is asked for: at most 512 bytes of UTF-8; see {@link formatSrtStreamId}. */
  readonly streamId?: string | undefined
  /**
   * Length of the key, if there is a passphrase.
   * @defaultValue 16
   */
  readonly keyBytes?: SrtKeyBytes | undefined
  /**
   * Time in which the listener must accept, ms.
   * @defaultValue 3000
   */
  readonly connectTimeoutMs?: number | undefined
}

const REPEAT_US = 250_000

/**
 * Opens a connection. The first request is in the output at once; a `connect` or `close` event tells how it went.
 *
 * @example
 * ```ts
 * import { SrtCallerSession, type SrtCrypto } from 'millrace/srt'
 *
 * export function call(crypto: SrtCrypto, nowMs: number): SrtCallerSession {
 *   return new SrtCallerSession({ crypto, nowMs, streamId: '#!::r=live/show,m=publish', receiveLatencyMs: 200 })
 * }
 * ```
 */
export class SrtCallerSession extends SrtSession {
  readonly #streamId: string | undefined
  readonly #peerAddress: Uint8Array
  readonly #initialSequenceNumber: number
  readonly #keys: KeyRing | undefined
  readonly #connectTimeoutMs: number
  readonly #deadlineUs: number
  #step: 'induction' | 'conclusion' | 'done'
  #request: SrtHandshake
  #repeatUs: number

  /** @throws RangeError for options out of their range, TypeError for none. */
  constructor(options: SrtCallerOptions) {
    super(sessionSettings(options.crypto, options), randomSocketId(options.crypto), options.nowMs)
    const { crypto, passphrase } = options
    this.#streamId = options.streamId
    this.#peerAddress = encodePeerAddress(options.peerAddress ?? '')
    this.#initialSequenceNumber = randomSequenceNumber(crypto)
    this.#keys =
      passphrase === undefined
        ? undefined
        : KeyRing.generate(crypto, passphraseBytes(passphrase), options.keyBytes ?? 16)
    this.#connectTimeoutMs = options.connectTimeoutMs ?? 3000
    this.#deadlineUs = this.nowUs + this.#connectTimeoutMs * 1000
    this.#step = 'induction'
    this.#request = this.#handshake(4, 0, EXTENSION_FIELD_INDUCTION, HANDSHAKE_INDUCTION, 0)
    this.#repeatUs = this.nowUs
    this.#send()
  }

  override get nextTimeoutMs(): number | undefined {
    if (this.#step === 'done' || this.isClosed) return super.nextTimeoutMs
    return Math.min(this.#repeatUs, this.#deadlineUs) / 1000
  }

  override handleTimeout(nowMs: number): void {
    super.handleTimeout(nowMs)
    if (this.#step === 'done' || this.isClosed) return
    if (this.nowUs >= this.#deadlineUs) {
      this.#end(
        new LimitError(
          'ERR_SRT_CONNECT_TIMEOUT',
          `no answer of the listener within ${this.#connectTimeoutMs} ms`,
        ),
      )
    } else if (this.nowUs >= this.#repeatUs) this.#send()
  }

  /** @internal */
  protected override onHandshake({ handshake, timestamp }: SrtHandshakePacket): void {
    // The type first: what a rejection has besides is anyone's guess.
    const { handshakeType } = handshake
    if (handshakeType >= HANDSHAKE_REJECTION && handshakeType !== HANDSHAKE_CONCLUSION) {
      const name = srtRejectionName(handshakeType)
      const reason = name === undefined ? '' : ` (${name})`
      const error = new ProtocolError(
        'ERR_SRT_REJECTED',
        `the listener rejects with ${handshakeType}${reason}`,
      )
      this.#end(error, handshakeType)
    } else if (this.#step === 'induction' && handshakeType === HANDSHAKE_INDUCTION) this.#induced(handshake)
    else if (this.#step === 'conclusion' && handshakeType === HANDSHAKE_CONCLUSION) {
      this.#concluded(handshake, timestamp)
    }
  }

  #induced({ version, extensionField, cookie }: SrtHandshake): void {
    if (version < 5 || extensionField !== EXTENSION_FIELD_MAGIC) {
      this.#fault('answers with a handshake of another version than 5')
      return
    }
    const { receiveLatencyMs, sendLatencyMs } = this.settings
    const flags =
      EXTENSION_FLAG_HANDSHAKE |
      (this.#keys === undefined ? 0 : EXTENSION_FLAG_KEY_MATERIAL) |
      (this.#streamId === undefined ? 0 : EXTENSION_FLAG_CONFIG)
    this.#request = {
      ...this.#handshake(5, this.#keys?.encryption ?? 0, flags, HANDSHAKE_CONCLUSION, cookie),
      extensions: {
        request: latencyExtension(receiveLatencyMs, sendLatencyMs),
        keyRequest: this.#keys?.message(),
        streamId: this.#streamId,
      },
    }
    this.#step = 'conclusion'
    this.#send()
  }

  #concluded(handshake: SrtHandshake, timestamp: number): void {
    const { response, keyResponse } = handshake.extensions
    if (response === undefined || !hasUsableSizes(handshake)) {
      this.#fault('accepts without an HSRSP that can be worked with')
      return
    }
    const { maxLatencyMs } = this.settings
    if (response.receiveLatencyMs > maxLatencyMs || response.sendLatencyMs > maxLatencyMs) {
      this.#fault(
        `wants ${response.receiveLatencyMs} and ${response.sendLatencyMs} ms; maxLatencyMs is ${maxLatencyMs}`,
      )
      return
    }
    if (this.#keys === undefined ? keyResponse !== undefined : !this.#hasTaken(keyResponse)) {
      const error = new ProtocolError('ERR_SRT_ENCRYPTION', 'the listener accepts, and not the key')
      this.#end(error)
      return
    }
    this.#step = 'done'
    this.establish(
      sessionTerms(
        { ...handshake, initialSequenceNumber: this.#initialSequenceNumber },
        response,
        this.settings,
        {
          // What the listener sends is what this side receives.
          receiveLatencyMs: response.sendLatencyMs,
          sendLatencyMs: response.receiveLatencyMs,
          keys: this.#keys,
          peerArrivalUs: this.nowUs,
          peerTimestamp: timestamp,
        },
      ),
    )
  }

  #hasTaken(keyResponse: Uint8Array | undefined): boolean {
    return keyResponse !== undefined && equalBytes(keyResponse, this.#request.extensions.keyRequest!)
  }

  #fault(what: string): void {
    this.#end(new ProtocolError('ERR_SRT_PEER', `the listener ${what}`))
  }

  #end(error: LimitError | ProtocolError, rejection?: number): void {
    this.#step = 'done'
    this.fail(error, rejection)
  }

  #send(): void {
    this.#repeatUs = this.nowUs + REPEAT_US
    this.output.control({ type: 'handshake', handshake: this.#request }, this.nowUs)
  }

  #handshake(
    version: number,
    encryption: number,
    extensionField: number,
    handshakeType: number,
    cookie: number,
  ): SrtHandshake {
    return {
      version,
      encryption,
      extensionField,
      initialSequenceNumber: this.#initialSequenceNumber,
      mtuBytes: MTU_BYTES,
      flowWindowPackets: this.settings.maxReceivePackets,
      handshakeType,
      socketId: this.socketId,
      cookie,
      peerAddress: this.#peerAddress,
      extensions: {},
    }
  }
}
