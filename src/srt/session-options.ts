/**
 * Options that both sides of a connection have.
 *
 * @module
 */
import type { SrtCrypto } from './srt-crypto.ts'

/** Options of a connection. */
export interface SrtSessionOptions {
  /**
   * Least delay between sending and delivery of what is received, ms. The greater of this and what the peer wants for its sending counts.
   * Lost packets can be repaired within it: 4 round trips and more are usual. It costs memory for what arrives in that time.
   * @defaultValue 120
   */
  readonly receiveLatencyMs?: number | undefined
  /**
   * Least delay of what is sent, ms: the peer is told to wait so long at least.
   * @defaultValue 0
   */
  readonly sendLatencyMs?: number | undefined
  /**
   * Longest delay that a peer may ask for in either direction, ms; a connection with a longer one is refused.
   * @defaultValue 8000
   */
  readonly maxLatencyMs?: number | undefined
  /**
   * Passphrase of 10 to 80 bytes. With it all payload is encrypted, and a peer without it is refused.
   */
  readonly passphrase?: string | undefined
  /**
   * Bandwidth of what is sent, with headers and repetitions, kbit/s. `input` follows the rate at which messages are written, plus 25 %.
   * @defaultValue 1_000_000
   */
  readonly maxBandwidthKbps?: number | 'input' | undefined
  /**
   * Packets that are held for sending: unsent or not acknowledged. A message beyond that is refused. Each holds up to 1456 bytes.
   * @defaultValue 8192
   */
  readonly maxSendPackets?: number | undefined
  /**
   * Packets that are held till they are due, each of up to 1456 bytes. At a latency of 1 s, 8192 packets carry 86 Mbit/s.
   * @defaultValue 8192
   */
  readonly maxReceivePackets?: number | undefined
  /**
   * How many later packets must arrive before a missing one is reported, for paths that reorder.
   * @defaultValue 0
   */
  readonly reorderPackets?: number | undefined
  /**
   * Time without any packet of the peer after which the connection is closed, ms; 0 for no limit.
   * @defaultValue 5000
   */
  readonly idleTimeoutMs?: number | undefined
  /**
   * Time without data after which the connection is closed, ms; 0 for no limit, as for a peer that only plays.
   * @defaultValue 0
   */
  readonly dataTimeoutMs?: number | undefined
  /**
   * Datagrams that wait for `takeOutput`. What is beyond is dropped, as a network would.
   * @defaultValue 4096
   */
  readonly maxOutputDatagrams?: number | undefined
  /**
   * Packets that are sent with one key.
   * @defaultValue 16_777_216
   */
  readonly keyRefreshPackets?: number | undefined
  /**
   * Packets before a change of keys by which the next key is announced; the last key is kept for so many after it.
   * @defaultValue 4096
   */
  readonly keyAnnouncePackets?: number | undefined
}

/** The options with their defaults. */
export type SessionSettings = {
  readonly [Name in Exclude<keyof SrtSessionOptions, 'passphrase'>]-?: Exclude<
    SrtSessionOptions[Name],
    undefined
  >
} & {
  readonly crypto: SrtCrypto
  readonly passphrase: string | undefined
}

/** Fills in the defaults. @throws RangeError for a value out of its range. */
export function sessionSettings(crypto: SrtCrypto, options: SrtSessionOptions): SessionSettings {
  const settings: SessionSettings = {
    crypto,
    receiveLatencyMs: options.receiveLatencyMs ?? 120,
    sendLatencyMs: options.sendLatencyMs ?? 0,
    maxLatencyMs: options.maxLatencyMs ?? 8000,
    passphrase: options.passphrase,
    maxBandwidthKbps: options.maxBandwidthKbps ?? 1_000_000,
    maxSendPackets: options.maxSendPackets ?? 8192,
    maxReceivePackets: options.maxReceivePackets ?? 8192,
    reorderPackets: options.reorderPackets ?? 0,
    idleTimeoutMs: options.idleTimeoutMs ?? 5000,
    dataTimeoutMs: options.dataTimeoutMs ?? 0,
    maxOutputDatagrams: options.maxOutputDatagrams ?? 4096,
    keyRefreshPackets: options.keyRefreshPackets ?? 2 ** 24,
    keyAnnouncePackets: options.keyAnnouncePackets ?? 4096,
  }
  checkRange('maxLatencyMs', settings.maxLatencyMs, 0, 0xffff)
  checkRange('receiveLatencyMs', settings.receiveLatencyMs, 0, settings.maxLatencyMs)
  checkRange('sendLatencyMs', settings.sendLatencyMs, 0, settings.maxLatencyMs)
  if (settings.maxBandwidthKbps !== 'input') checkRange('maxBandwidthKbps', settings.maxBandwidthKbps, 1, 1e9)
  checkRange('maxSendPackets', settings.maxSendPackets, 1, 2 ** 24)
  checkRange('maxReceivePackets', settings.maxReceivePackets, 32, 2 ** 24)
  checkRange('reorderPackets', settings.reorderPackets, 0, settings.maxReceivePackets - 1)
  checkRange('idleTimeoutMs', settings.idleTimeoutMs, 0, 2 ** 31)
  checkRange('dataTimeoutMs', settings.dataTimeoutMs, 0, 2 ** 31)
  checkRange('maxOutputDatagrams', settings.maxOutputDatagrams, 1, 2 ** 24)
  checkRange('keyRefreshPackets', settings.keyRefreshPackets, 8, 2 ** 30)
  checkRange('keyAnnouncePackets', settings.keyAnnouncePackets, 1, 2 ** 30)
  return settings
}

function checkRange(name: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) throw new RangeError(`${name} ${value} is not within ${min} to ${max}`)
}
