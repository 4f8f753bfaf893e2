/**
 * Datagrams of a session on their way to its owner.
 *
 * @module
 */
import {
  encodeSrtControlPacket,
  type SrtAckAckPacket,
  type SrtAckPacket,
  type SrtDropRequestPacket,
  type SrtHandshakePacket,
  type SrtKeyMaterialPacket,
  type SrtNakPacket,
  type SrtSignalPacket,
} from './control-packet.ts'
import type { SrtPacketHeader } from './packet-header.ts'

type WithoutHeader<Packet> = Omit<Packet, keyof SrtPacketHeader>

/** A control packet before it has a header. */
export type OutgoingControl =
  | WithoutHeader<SrtAckPacket>
  | WithoutHeader<SrtAckAckPacket>
  | WithoutHeader<SrtDropRequestPacket>
  | WithoutHeader<SrtHandshakePacket>
  | WithoutHeader<SrtKeyMaterialPacket>
  | WithoutHeader<SrtNakPacket>
  | WithoutHeader<SrtSignalPacket>

/** Queue of datagrams, bounded; stamps what it sends. */
export class SessionOutput {
  /** Socket id of the peer; 0 till it has said so. */
  peerId: number
  /** When the last datagram was sent, µs. */
  sentUs: number
  readonly #startUs: number
  readonly #maxDatagrams: number
  #datagrams: Uint8Array[]

  /** @param startUs - when the timestamps of this side begin. */
  constructor(startUs: number, maxDatagrams: number) {
    this.peerId = 0
    this.sentUs = startUs
    this.#startUs = startUs
    this.#maxDatagrams = maxDatagrams
    this.#datagrams = []
  }

  /** Whether another datagram would be dropped. */
  get isFull(): boolean {
    return this.#datagrams.length >= this.#maxDatagrams
  }

  /** The timestamp of a time: µs, modulo 2³². */
  timestamp(us: number): number {
    return (us - this.#startUs) >>> 0
  }

  /** Sends a control packet. */
  control(packet: OutgoingControl, nowUs: number): void {
    const header = { timestamp: this.timestamp(nowUs), destinationId: this.peerId }
    this.push(encodeSrtControlPacket({ ...packet, ...header }), nowUs)
  }

  /** Sends a datagram; drops it if nobody takes the output. */
  push(datagram: Uint8Array, nowUs: number): void {
    this.sentUs = nowUs
    if (!this.isFull) this.#datagrams.push(datagram)
  }

  take(): Uint8Array[] {
    const datagrams = this.#datagrams
    this.#datagrams = []
    return datagrams
  }
}
