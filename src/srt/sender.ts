/**
 * The sending side of a connection: messages in, data packets out, repetitions as the peer asks for them. draft-sharabayko-srt-01 §4.6, §4.8.
 *
 * @module
 */
import { ProtocolError } from '../errors/index.ts'
import type { SrtAckPacket, SrtNakPacket } from './control-packet.ts'
import { encodeSrtDataPacket } from './data-packet.ts'
import { SRT_FLAG_PERIODIC_NAK, SRT_FLAG_TOO_LATE_DROP } from './handshake-extensions.ts'
import type { KeyRotation } from './key-rotation.ts'
import type { RoundTrip } from './round-trip.ts'
import { SendBuffer } from './send-buffer.ts'
import { SendPacer } from './send-pacer.ts'
import { messageNumberAfter, sequenceAfter, sequenceOffset } from './sequence.ts'
import type { SessionOutput } from './session-output.ts'
import type { SessionSettings } from './session-options.ts'
import type { Counters } from './statistics.ts'

/** What a handshake has settled for sending. */
export interface SenderTerms {
  readonly initialSequenceNumber: number
  readonly flowWindowPackets: number
  readonly sendLatencyMs: number
  readonly peerFlags: number
  readonly keys: KeyRotation | undefined
}

/** Too late is later than the latency, and at least this. µs */
const MIN_DROP_US = 1_000_000
const DROP_MARGIN_US = 20_000
/** Packets that leave in one go: more than that overflows small buffers of a system. */
const MAX_BURST = 128
/** Ticks of both sides, beside the round trip. µs */
const BLIND_MARGIN_US = 30_000
/** A packet is not sent again within this time, however short the round trip. µs */
const MIN_RESEND_US = 1000

/** Sends messages. */
export class Sender {
  readonly #terms: SenderTerms
  readonly #output: SessionOutput
  readonly #roundTrip: RoundTrip
  readonly #counters: Counters
  readonly #buffer: SendBuffer
  readonly #pacer: SendPacer
  readonly #dropUs: number
  #windowPackets: number
  #messageNumber: number
  #acknowledgedUs: number

  constructor(
    terms: SenderTerms,
    settings: SessionSettings,
    output: SessionOutput,
    roundTrip: RoundTrip,
    counters: Counters,
    nowUs: number,
  ) {
    this.#terms = terms
    this.#output = output
    this.#roundTrip = roundTrip
    this.#counters = counters
    this.#buffer = new SendBuffer(terms.initialSequenceNumber, settings.maxSendPackets)
    this.#pacer = new SendPacer(settings.maxBandwidthKbps, nowUs)
    // A peer that waits for every packet gets every packet.
    const dropsLate = (terms.peerFlags & SRT_FLAG_TOO_LATE_DROP) !== 0
    this.#dropUs = dropsLate ? Math.max(terms.sendLatencyMs * 1000, MIN_DROP_US) + DROP_MARGIN_US : Infinity
    this.#windowPackets = terms.flowWindowPackets
    this.#messageNumber = 1
    this.#acknowledgedUs = nowUs
  }

  get buffer(): SendBuffer {
    return this.#buffer
  }

  get windowPackets(): number {
    return this.#windowPackets
  }

  get bandwidthKbps(): number {
    return this.#pacer.bandwidthKbps
  }

  /** Whether all messages have been acknowledged or given up. */
  get isEmpty(): boolean {
    return this.#buffer.queued === 0 && this.#buffer.inFlight === 0
  }

  /** Queues a message. @returns false if the buffer is full. */
  write(payload: Uint8Array, nowUs: number): boolean {
    if (!this.#buffer.write({ payload: payload.slice(), originUs: nowUs })) {
      this.#buffer.droppedPackets++
      this.#buffer.droppedBytes += payload.length
      return false
    }
    this.#pacer.submitted(payload.length, nowUs)
    return true
  }

  /** @throws ProtocolError `ERR_SRT_SEQUENCE` for a packet that was never sent. */
  acknowledged(ack: SrtAckPacket, nowUs: number): void {
    this.#counters.receivedAcks++
    if (sequenceOffset(this.#buffer.next, ack.nextSequenceNumber) > 0) {
      throw new ProtocolError(
        'ERR_SRT_SEQUENCE',
        `ACK of ${ack.nextSequenceNumber}, and the next packet is ${this.#buffer.next}`,
      )
    }
    const count = this.#buffer.acknowledge(ack.nextSequenceNumber)
    if (count > 0) this.#acknowledgedUs = nowUs
    if (ack.freePackets === undefined) this.#windowPackets = Math.max(0, this.#windowPackets - count)
    else this.#windowPackets = ack.freePackets
    if (ack.rttUs !== undefined && ack.rttVarianceUs !== undefined) {
      this.#roundTrip.adopt(ack.rttUs, ack.rttVarianceUs)
    }
    if (ack.ackNumber !== 0) this.#output.control({ type: 'ackAck', ackNumber: ack.ackNumber }, nowUs)
  }

  /** Packets that the peer misses. What is not held any more is refused with a drop request. */
  reported({ lost }: SrtNakPacket, nowUs: number): void {
    this.#counters.receivedNaks++
    const { oldest, next } = this.#buffer
    for (const { first, last } of lost) {
      if (sequenceOffset(next, last) >= 0) continue
      const gone = Math.min(sequenceOffset(first, oldest), sequenceOffset(first, last) + 1)
      if (gone > 0) {
        const range = { first, last: sequenceAfter(first, gone - 1) }
        this.#output.control({ type: 'dropRequest', messageNumber: 0, range }, nowUs)
      }
      this.#counters.sendLoss += this.#buffer.markLost({ first, last })
    }
  }

  /** The peer's answer to an announced key. */
  keyAnswered(message: Uint8Array): void {
    this.#terms.keys?.answered(message)
  }

  /** Sends what may be sent, lost packets first. */
  run(nowUs: number): void {
    this.#buffer.dropUntil(nowUs - this.#dropUs)
    this.#resendBlindly(nowUs)
    for (let i = 0; i < MAX_BURST && this.#pacer.nextUs <= nowUs && !this.#output.isFull; i++) {
      if (!this.#resend(nowUs) && !this.#sendNew(nowUs)) break
    }
    const announcement = this.#terms.keys?.takeAnnouncement(nowUs, this.#roundTrip.rttUs)
    if (announcement !== undefined) this.#output.control({ type: 'keyRequest', message: announcement }, nowUs)
  }

  /** When to call {@link Sender.run} again. µs */
  get nextUs(): number {
    const keysUs = this.#terms.keys?.dueUs(this.#roundTrip.rttUs) ?? Infinity
    const canSend = this.#buffer.lost > 0 || (this.#buffer.queued > 0 && this.#hasRoom())
    const sendUs = canSend ? this.#pacer.nextUs : Infinity
    return Math.min(keysUs, sendUs, this.#buffer.oldestUs + this.#dropUs, this.#blindUs())
  }

  #resend(nowUs: number): boolean {
    const { rttUs, varianceUs } = this.#roundTrip
    const datagram = this.#buffer.takeResend(nowUs, Math.max(rttUs - 4 * varianceUs, MIN_RESEND_US))
    if (datagram === undefined) return false
    this.#output.push(datagram, nowUs)
    this.#counters.resent++
    this.#counters.resentBytes += datagram.length
    this.#count(datagram, nowUs)
    return true
  }

  #sendNew(nowUs: number): boolean {
    const message = this.#hasRoom() ? this.#buffer.peek() : undefined
    if (message === undefined) return false
    const sequenceNumber = this.#buffer.next
    const encrypted = this.#terms.keys?.encrypt(sequenceNumber, message.payload)
    const datagram = encodeSrtDataPacket({
      sequenceNumber,
      position: 'whole',
      ordered: false,
      key: encrypted?.key ?? 'clear',
      resent: false,
      messageNumber: this.#messageNumber,
      timestamp: this.#output.timestamp(message.originUs),
      destinationId: this.#output.peerId,
      payload: encrypted?.bytes ?? message.payload,
    })
    if (this.#buffer.inFlight === 0) this.#acknowledgedUs = nowUs
    this.#messageNumber = messageNumberAfter(this.#messageNumber)
    this.#buffer.sent(datagram, nowUs)
    this.#output.push(datagram, nowUs)
    this.#count(datagram, nowUs)
    return true
  }

  #hasRoom(): boolean {
    return this.#buffer.inFlight < Math.min(this.#windowPackets, this.#terms.flowWindowPackets)
  }

  #count(datagram: Uint8Array, nowUs: number): void {
    this.#pacer.sent(datagram.length - 16, nowUs)
    this.#counters.sent++
    this.#counters.sentBytes += datagram.length
  }

  /**
   * What no NAK can bring back: everything, for a peer that does not repeat NAKs; else the last packet before a pause, which no later one
   * shows to be missing. libsrt loses that one.
   */
  #resendBlindly(nowUs: number): void {
    if (nowUs < this.#blindUs()) return
    this.#acknowledgedUs = nowUs
    const last = sequenceAfter(this.#buffer.next, -1)
    this.#buffer.markLost({ first: this.#repeatsNaks ? last : this.#buffer.oldest, last })
  }

  #blindUs(): number {
    const { inFlight, queued } = this.#buffer
    if (inFlight === 0 || (this.#repeatsNaks && queued > 0)) return Infinity
    return this.#acknowledgedUs + this.#roundTrip.patienceUs + BLIND_MARGIN_US
  }

  get #repeatsNaks(): boolean {
    return (this.#terms.peerFlags & SRT_FLAG_PERIODIC_NAK) !== 0
  }
}
