/**
 * What a sender holds: messages that wait to be sent, and packets that have not been acknowledged. draft-sharabayko-srt-01 §4.6, §4.8.
 *
 * @module
 */
import { resentCopy } from './data-packet.ts'
import type { SrtSequenceRange } from './loss-list.ts'
import { SequenceRing } from './sequence-ring.ts'
import { sequenceAfter, sequenceOffset } from './sequence.ts'

/** A message that waits for its first packet. */
export interface QueuedMessage {
  readonly payload: Uint8Array
  /** When it was submitted, µs. */
  readonly originUs: number
}

interface SentPacket {
  readonly datagram: Uint8Array
  readonly originUs: number
  sentUs: number
  isLost: boolean
}

/** Queue of messages and window of packets of one direction. */
export class SendBuffer {
  /** Packets that were given up, sent or not. */
  droppedPackets: number
  /** Bytes of payload of these. */
  droppedBytes: number
  readonly #maxPackets: number
  readonly #flight: SequenceRing<SentPacket>
  #queue: QueuedMessage[]
  #queueHead: number
  #queueBytes: number
  #flightBytes: number
  #oldest: number
  #next: number
  #lost: number
  #resendFrom: number

  constructor(initialSequenceNumber: number, maxPackets: number) {
    this.droppedPackets = 0
    this.droppedBytes = 0
    this.#maxPackets = maxPackets
    this.#flight = new SequenceRing(maxPackets)
    this.#queue = []
    this.#queueHead = 0
    this.#queueBytes = 0
    this.#flightBytes = 0
    this.#oldest = initialSequenceNumber
    this.#next = initialSequenceNumber
    this.#lost = 0
    this.#resendFrom = initialSequenceNumber
  }

  /** First packet that is not acknowledged or given up. */
  get oldest(): number {
    return this.#oldest
  }

  /** Number of the next new packet. */
  get next(): number {
    return this.#next
  }

  /** Packets sent and not acknowledged. */
  get inFlight(): number {
    return sequenceOffset(this.#oldest, this.#next)
  }

  /** Messages that wait for their first packet. */
  get queued(): number {
    return this.#queue.length - this.#queueHead
  }

  /** Bytes of payload that are held. */
  get bytes(): number {
    return this.#queueBytes + this.#flightBytes
  }

  /** Packets that the peer has reported lost and that have not been sent again. */
  get lost(): number {
    return this.#lost
  }

  /** Submission of the oldest message that is held; µs. */
  get oldestUs(): number {
    return this.#flight.get(this.#oldest)?.originUs ?? this.#queue[this.#queueHead]?.originUs ?? Infinity
  }

  /** Queues a message, which is kept. @returns false if there is no room. */
  write(message: QueuedMessage): boolean {
    if (this.queued + this.inFlight >= this.#maxPackets) return false
    this.#queue.push(message)
    this.#queueBytes += message.payload.length
    return true
  }

  /** The next new message, which then gets its number by {@link SendBuffer.sent}. */
  peek(): QueuedMessage | undefined {
    return this.#queue[this.#queueHead]
  }

  /** The message of {@link SendBuffer.peek} went out as this datagram. */
  sent(datagram: Uint8Array, nowUs: number): void {
    const { payload, originUs } = this.#queue[this.#queueHead]!
    this.#shift()
    this.#flightBytes += payload.length
    const packet: SentPacket = { datagram, originUs, sentUs: nowUs, isLost: false }
    this.#flight.set(this.#next, packet, this.#oldest, this.inFlight + 1)
    this.#next = sequenceAfter(this.#next)
  }

  /** The oldest lost packet, marked as sent again; one that was sent less than `intervalUs` ago is left to the next NAK. */
  takeResend(nowUs: number, intervalUs: number): Uint8Array | undefined {
    for (; this.#lost > 0; this.#resendFrom = sequenceAfter(this.#resendFrom)) {
      const packet = this.#flight.get(this.#resendFrom)!
      if (!packet.isLost) continue
      packet.isLost = false
      this.#lost--
      if (nowUs - packet.sentUs < intervalUs) continue
      packet.sentUs = nowUs
      return resentCopy(packet.datagram)
    }
    return undefined
  }

  /** All before `sequenceNumber` have arrived. @returns how many that are. */
  acknowledge(sequenceNumber: number): number {
    let count = 0
    while (sequenceOffset(this.#oldest, sequenceNumber) > 0 && this.#oldest !== this.#next) {
      this.#release()
      count++
    }
    return count
  }

  /** Packets of a NAK that are still held are to be sent again. @returns how many of them that are. */
  markLost({ first, last }: SrtSequenceRange): number {
    const start = Math.max(sequenceOffset(this.#oldest, first), 0)
    const end = Math.min(sequenceOffset(this.#oldest, last), this.inFlight - 1)
    const count = end - start + 1
    if (count <= 0) return 0
    const from = sequenceAfter(this.#oldest, start)
    if (this.#lost === 0 || sequenceOffset(this.#resendFrom, from) < 0) this.#resendFrom = from
    for (let i = 0, at = from; i < count; i++, at = sequenceAfter(at)) {
      const packet = this.#flight.get(at)!
      if (packet.isLost) continue
      packet.isLost = true
      this.#lost++
    }
    return count
  }

  /** Gives up what was submitted up to `limitUs`. */
  dropUntil(limitUs: number): void {
    while (this.#oldest !== this.#next && this.#flight.get(this.#oldest)!.originUs <= limitUs) {
      this.#countDrop(this.#release())
    }
    while (this.queued > 0 && this.#queue[this.#queueHead]!.originUs <= limitUs) {
      this.#countDrop(this.#queue[this.#queueHead]!.payload.length)
      this.#shift()
    }
  }

  #countDrop(bytes: number): void {
    this.droppedPackets++
    this.droppedBytes += bytes
  }

  #release(): number {
    const packet = this.#flight.get(this.#oldest)!
    const bytes = packet.datagram.length - HEADER_BYTES
    if (packet.isLost) this.#lost--
    this.#flight.clear(this.#oldest)
    this.#flightBytes -= bytes
    if (this.#resendFrom === this.#oldest) this.#resendFrom = sequenceAfter(this.#oldest)
    this.#oldest = sequenceAfter(this.#oldest)
    return bytes
  }

  #shift(): void {
    this.#queueBytes -= this.#queue[this.#queueHead]!.payload.length
    this.#queueHead++
    if (this.#queueHead * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#queueHead)
      this.#queueHead = 0
    }
  }
}
const HEADER_BYTES = 16
