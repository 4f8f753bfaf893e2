/**
 * The receiving side of a connection: data packets in, messages at their time out, reports of what arrived and what is lost.
 * draft-sharabayko-srt-01 §4.5 to §4.8.
 *
 * @module
 */
import { equalBytes } from '../bytes/index.ts'
import { DecodeError, ProtocolError } from '../errors/index.ts'
import type { SrtDataPacket } from './data-packet.ts'
import { DeliveryClock } from './delivery-clock.ts'
import type { KeyRing } from './key-ring.ts'
import type { SrtSequenceRange } from './loss-list.ts'
import { type DeliveredMessage, ReceiveBuffer } from './receive-buffer.ts'
import { ReceiveReports } from './receive-reports.ts'
import type { RoundTrip } from './round-trip.ts'
import type { SessionOutput } from './session-output.ts'
import type { SessionSettings } from './session-options.ts'
import type { Counters } from './statistics.ts'

/** What a handshake has settled for receiving. */
export interface ReceiverTerms {
  readonly initialSequenceNumber: number
  readonly receiveLatencyMs: number
  /** When the peer's conclusion arrived, µs. */
  readonly peerArrivalUs: number
  /** Its timestamp. */
  readonly peerTimestamp: number
  readonly keys: KeyRing | undefined
}

/** Longest payload of a packet in an Ethernet frame. */
export const MAX_PAYLOAD_BYTES = 1456

const MIN_NAK_INTERVAL_US = 20_000
/** Keys that are unwrapped for a peer: one in this time. µs */
const MIN_UNWRAP_INTERVAL_US = 10_000

/** Receives messages. */
export class Receiver {
  readonly #output: SessionOutput
  readonly #roundTrip: RoundTrip
  readonly #counters: Counters
  readonly #clock: DeliveryClock
  readonly #buffer: ReceiveBuffer
  readonly #reports: ReceiveReports
  readonly #keys: KeyRing | undefined
  #nakDueUs: number
  #keyMessage: Uint8Array | undefined
  #unwrappedUs: number

  constructor(
    terms: ReceiverTerms,
    settings: SessionSettings,
    output: SessionOutput,
    roundTrip: RoundTrip,
    counters: Counters,
    nowUs: number,
  ) {
    this.#output = output
    this.#roundTrip = roundTrip
    this.#counters = counters
    this.#clock = new DeliveryClock(terms.peerArrivalUs, terms.peerTimestamp, terms.receiveLatencyMs * 1000)
    this.#buffer = new ReceiveBuffer(
      this.#clock,
      terms.initialSequenceNumber,
      settings.maxReceivePackets,
      settings.reorderPackets,
    )
    this.#reports = new ReceiveReports(this.#buffer, roundTrip, nowUs)
    this.#keys = terms.keys
    this.#nakDueUs = Infinity
    this.#keyMessage = undefined
    this.#unwrappedUs = -Infinity
  }

  get buffer(): ReceiveBuffer {
    return this.#buffer
  }

  /**
   * A data packet came.
   * @throws DecodeError `ERR_SRT_PACKET` for one that live mode does not have.
   * @throws ProtocolError `ERR_SRT_SEQUENCE` if it is so far ahead that the connection cannot go on.
   */
  received(packet: SrtDataPacket, nowUs: number): void {
    const { sequenceNumber, payload } = packet
    if (packet.position !== 'whole' || packet.messageNumber === 0 || payload.length > MAX_PAYLOAD_BYTES) {
      throw new DecodeError(
        'ERR_SRT_PACKET',
        `${packet.position} packet of message ${packet.messageNumber} with ${payload.length} bytes`,
      )
    }
    const counters = this.#counters
    const datagramBytes = payload.length + 16
    counters.received++
    counters.receivedBytes += datagramBytes
    if (packet.resent) counters.receivedResent++
    const reception = this.#buffer.judge(sequenceNumber)
    if (reception === 'belated') counters.belated++
    if (reception === 'overflow' && this.#buffer.storedPackets === 0) {
      throw new ProtocolError(
        'ERR_SRT_SEQUENCE',
        `packet ${sequenceNumber}, and the next is ${this.#buffer.nextMissing}`,
      )
    }
    if (reception === 'stored') {
      counters.receivedUnique++
      counters.receivedUniqueBytes += datagramBytes
      this.#buffer.push(sequenceNumber, packet.timestamp, this.#readable(packet))
      this.#report(this.#buffer.takeNewLoss(), nowUs)
    }
    const light = this.#reports.received(datagramBytes)
    if (light !== undefined) this.#acknowledge(light, nowUs)
  }

  /** The answer to an ACK came. */
  ackAnswered(ackNumber: number, timestamp: number, nowUs: number): void {
    if (this.#reports.answered(ackNumber, nowUs)) this.#clock.sample(nowUs, timestamp, this.#roundTrip.rttUs)
  }

  /** A packet came whose timestamp tells the time. */
  heard(timestamp: number): void {
    this.#clock.extend(timestamp)
  }

  /** The sender gives packets up. */
  givenUp(range: SrtSequenceRange): void {
    this.#buffer.giveUp(range)
  }

  /** The sender announces keys. A message that cannot be unwrapped has no answer; a repeated one has that of the first. */
  keysAnnounced(message: Uint8Array, nowUs: number): void {
    if (this.#keys === undefined) return
    const isRepeated = this.#keyMessage !== undefined && equalBytes(message, this.#keyMessage)
    if (!isRepeated) {
      if (nowUs < this.#unwrappedUs + MIN_UNWRAP_INTERVAL_US) return
      this.#unwrappedUs = nowUs
      if (!this.#keys.take(message)) return
      this.#keyMessage = message.slice()
    }
    this.#output.control({ type: 'keyResponse', message: this.#keyMessage! }, nowUs)
  }

  /** A tick: the full ACK, if one is due. */
  tick(nowUs: number): void {
    const full = this.#reports.tick(nowUs)
    if (full !== undefined) this.#acknowledge(full, nowUs)
    if (!this.#buffer.hasLoss) this.#nakDueUs = Infinity
    else if (nowUs >= this.#nakDueUs) this.#report(this.#buffer.loss(), nowUs)
  }

  /** Whether a tick has something to do. */
  get isBusy(): boolean {
    return this.#reports.isPending || this.#buffer.hasLoss
  }

  /** When the next message is due. µs */
  get dueUs(): number {
    return this.#buffer.dueUs
  }

  /** The next message that is due. */
  deliver(nowUs: number): DeliveredMessage | undefined {
    return this.#buffer.deliver(nowUs)
  }

  /** The payload in clear, as memory of its own; `undefined` if it cannot be read. */
  #readable({ key, sequenceNumber, payload }: SrtDataPacket): Uint8Array | undefined {
    if (this.#keys === undefined && key === 'clear') return payload.slice()
    const clear = key === 'clear' ? undefined : this.#keys?.apply(key, sequenceNumber, payload)
    if (clear === undefined) this.#counters.undecrypted++
    return clear
  }

  #acknowledge(fields: ReturnType<ReceiveReports['received']> & object, nowUs: number): void {
    this.#counters.sentAcks++
    this.#output.control({ type: 'ack', ...fields }, nowUs)
  }

  #report(lost: readonly SrtSequenceRange[], nowUs: number): void {
    if (lost.length === 0) return
    this.#counters.sentNaks++
    this.#nakDueUs = nowUs + Math.max(MIN_NAK_INTERVAL_US, this.#roundTrip.patienceUs / 2)
    this.#output.control({ type: 'nak', lost }, nowUs)
  }
}
