/**
 * What a receiver reports: ACKs, and the round trips that their answers measure. draft-sharabayko-srt-01 §4.8.1.
 *
 * @module
 */
import type { SrtAckPacket } from './control-packet.ts'
import type { SrtPacketHeader } from './packet-header.ts'
import type { ReceiveBuffer } from './receive-buffer.ts'
import type { RoundTrip } from './round-trip.ts'
import { sequenceOffset } from './sequence.ts'

/** ACKs whose answer is awaited. */
const MAX_UNANSWERED_ACKS = 1024
const LIGHT_ACK_PACKETS = 64
/** Time over which arrival rates are taken. µs */
const RATE_WINDOW_US = 1_000_000
/** libsrt's own value before it has measured; nothing depends on it. */
const LINK_PACKETS_PER_SEC = 1000

/** The fields of an ACK without its header. */
export type Acknowledgement = Omit<SrtAckPacket, 'type' | keyof SrtPacketHeader>

interface UnansweredAck {
  readonly nextSequenceNumber: number
  readonly sentUs: number
}

/** Decides which ACKs are due. */
export class ReceiveReports {
  readonly #buffer: ReceiveBuffer
  readonly #roundTrip: RoundTrip
  readonly #unanswered: Map<number, UnansweredAck>
  #ackNumber: number
  #acknowledged: number
  #answered: number
  #acknowledgedUs: number
  #sinceAck: number
  #lightAcks: number
  #windowStartUs: number
  #windowPackets: number
  #windowBytes: number
  #packetsPerSec: number
  #bytesPerSec: number

  constructor(buffer: ReceiveBuffer, roundTrip: RoundTrip, nowUs: number) {
    this.#buffer = buffer
    this.#roundTrip = roundTrip
    this.#unanswered = new Map()
    this.#ackNumber = 0
    this.#acknowledged = buffer.nextMissing
    this.#answered = buffer.nextMissing
    this.#acknowledgedUs = nowUs
    this.#sinceAck = 0
    this.#lightAcks = 0
    this.#windowStartUs = nowUs
    this.#windowPackets = 0
    this.#windowBytes = 0
    this.#packetsPerSec = 0
    this.#bytesPerSec = 0
  }

  /** Whether a full ACK may be due at the next tick. */
  get isPending(): boolean {
    return sequenceOffset(this.#answered, this.#buffer.nextMissing) > 0
  }

  /** A data packet came. @returns a light ACK, if one is due: after each 64 packets since the last full one. */
  received(datagramBytes: number): Acknowledgement | undefined {
    this.#windowPackets++
    this.#windowBytes += datagramBytes
    if (++this.#sinceAck < LIGHT_ACK_PACKETS * (this.#lightAcks + 1)) return undefined
    this.#lightAcks++
    return { ackNumber: 0, nextSequenceNumber: this.#buffer.nextMissing }
  }

  /** The full ACK of a tick, if one is due: the position has advanced, or the ACK of it has had no answer for a round trip. */
  tick(nowUs: number): Acknowledgement | undefined {
    const { nextMissing } = this.#buffer
    if (!this.isPending) return undefined
    const isRepeated = nextMissing === this.#acknowledged
    if (isRepeated && nowUs - this.#acknowledgedUs < this.#roundTrip.patienceUs) return undefined
    this.#measureRates(nowUs)
    this.#ackNumber = this.#ackNumber === 0x7fff_ffff ? 1 : this.#ackNumber + 1
    this.#acknowledged = nextMissing
    this.#acknowledgedUs = nowUs
    this.#sinceAck = 0
    this.#lightAcks = 0
    this.#unanswered.set(this.#ackNumber, { nextSequenceNumber: nextMissing, sentUs: nowUs })
    if (this.#unanswered.size > MAX_UNANSWERED_ACKS) this.#unanswered.delete(firstKey(this.#unanswered))
    return {
      ackNumber: this.#ackNumber,
      nextSequenceNumber: nextMissing,
      rttUs: Math.round(this.#roundTrip.rttUs),
      rttVarianceUs: Math.round(this.#roundTrip.varianceUs),
      freePackets: Math.max(2, this.#buffer.freePackets),
      receivedPacketsPerSec: this.#packetsPerSec,
      linkPacketsPerSec: LINK_PACKETS_PER_SEC,
      receivedBytesPerSec: this.#bytesPerSec,
    }
  }

  /** An ACKACK came. @returns whether it answers an ACK that was awaited, so that it is a sample of the path. */
  answered(ackNumber: number, nowUs: number): boolean {
    const ack = this.#unanswered.get(ackNumber)
    if (ack === undefined) return false
    this.#unanswered.delete(ackNumber)
    this.#roundTrip.sample(nowUs - ack.sentUs)
    if (sequenceOffset(this.#answered, ack.nextSequenceNumber) > 0) this.#answered = ack.nextSequenceNumber
    return true
  }

  #measureRates(nowUs: number): void {
    const elapsedUs = nowUs - this.#windowStartUs
    if (elapsedUs < RATE_WINDOW_US) return
    this.#packetsPerSec = Math.round((this.#windowPackets * 1e6) / elapsedUs)
    this.#bytesPerSec = Math.round((this.#windowBytes * 1e6) / elapsedUs)
    this.#windowStartUs = nowUs
    this.#windowPackets = 0
    this.#windowBytes = 0
  }
}

function firstKey(map: ReadonlyMap<number, unknown>): number {
  return map.keys().next().value!
}
