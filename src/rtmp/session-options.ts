/**
 * Options that the sessions of both sides have.
 *
 * @module
 */
import type { Amf0DecodeOptions } from '../amf0/index.ts'
import type { ChunkDecoderOptions } from '../chunk/index.ts'
import type { HandshakeCrypto } from '../handshake/index.ts'

/** Options of either session. Times are in ms; 0 switches one off. */
export interface RtmpSessionOptions {
  /** Random bytes, and HMAC-SHA256 for the digest form of the handshake. */
  readonly crypto: HandshakeCrypto
  /** When the connection was made, on the clock of `push`; the handshake's timeout counts from it. */
  readonly nowMs: number
  /** Bounds of the chunk stream. */
  readonly chunk?: ChunkDecoderOptions | undefined
  /** Bounds of AMF0 values. */
  readonly amf0?: Amf0DecodeOptions | undefined
  /** Acknowledgement window that the peer is asked to use, bytes; 0 sends none. @defaultValue 2500000 */
  readonly windowAcknowledgementSize?: number | undefined
  /** Time for the handshake. @defaultValue 10000 */
  readonly handshakeTimeoutMs?: number | undefined
  /**
   * Time for the peer's next step: as server, from the handshake to `connect` and from there to the first
   * publish or play; as client, for each answer that it waits for.
   * @defaultValue 30000
   */
  readonly commandTimeoutMs?: number | undefined
  /**
   * Time from an accepted publish or play to the first media of the peer.
   * @defaultValue 20000, as client 30000
   */
  readonly firstMediaTimeoutMs?: number | undefined
  /** Time between two media messages of the peer. @defaultValue 5000, as client 30000 */
  readonly mediaTimeoutMs?: number | undefined
  /** Silence of the peer after which it is pinged. @defaultValue 20000, as client 0 */
  readonly pingIntervalMs?: number | undefined
  /** Time for the answer to a ping; applies to peers that have answered one before. @defaultValue 20000 */
  readonly pingTimeoutMs?: number | undefined
  /** Bytes of control and command messages that wait for `takeOutput`. @defaultValue 1048576 */
  readonly maxOutputBytes?: number | undefined
  /**
   * Bytes of one command of the peer, whose names and objects are kept and looked through. Encoders and
   * players send some 400; raise it for calls of your own that carry more.
   * @defaultValue 65536
   */
  readonly maxCommandBytes?: number | undefined
  /** Parts of one aggregate message. @defaultValue 4096 */
  readonly maxAggregateParts?: number | undefined
}

/** The numbers among {@link RtmpSessionOptions}, with their defaults. */
export type SessionSettings = {
  readonly [Name in keyof Omit<RtmpSessionOptions, 'crypto' | 'nowMs' | 'chunk' | 'amf0'>]-?: number
}

const DEFAULTS: SessionSettings = {
  windowAcknowledgementSize: 2_500_000,
  handshakeTimeoutMs: 10_000,
  commandTimeoutMs: 30_000,
  firstMediaTimeoutMs: 20_000,
  mediaTimeoutMs: 5_000,
  pingIntervalMs: 20_000,
  pingTimeoutMs: 20_000,
  maxOutputBytes: 1_048_576,
  maxCommandBytes: 65_536,
  maxAggregateParts: 4096,
}

/** Fills in the defaults of the server's side. Sessions with these share one object. */
export function sessionSettings(options: RtmpSessionOptions): SessionSettings {
  const names = Object.keys(DEFAULTS) as (keyof SessionSettings)[]
  if (names.every((name) => (options[name] ?? DEFAULTS[name]) === DEFAULTS[name])) return DEFAULTS
  return Object.fromEntries(names.map((name) => [name, options[name] ?? DEFAULTS[name]])) as SessionSettings
}
