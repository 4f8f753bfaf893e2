/**
 * What a receiver holds: packets that wait for their time or for lost ones before them. draft-sharabayko-srt-01 §4.4 to §4.8.
 *
 * @module
 */
import type { DeliveryClock } from './delivery-clock.ts'
import type { SrtSequenceRange } from './loss-list.ts'
import { SequenceRing } from './sequence-ring.ts'
import { sequenceAfter, sequenceOffset } from './sequence.ts'

/** A message as it is delivered. */
export interface DeliveredMessage {
  readonly payload: Uint8Array
  readonly sequenceNumber: number
  /** µs since the sender began, unwrapped. */
  readonly originUs: number
  /** Packets right before it that never came. */
  readonly lostBefore: number
}

/** What became of a packet: `stored`, or why it was not. */
export type Reception = 'stored' | 'duplicate' | 'belated' | 'overflow'

interface Waiting {
  readonly payload: Uint8Array
  readonly originUs: number
}

/** A packet that will not come, or is no use: its place is taken, and nothing is delivered for it. */
const GIVEN_UP = { payload: new Uint8Array(0), originUs: 0 }

/** Ring of packets from the next one to deliver on. */
export class ReceiveBuffer {
  /** Packets that were skipped at delivery. */
  droppedPackets: number
  /** Sequence numbers that turned out to be missing when later ones came. */
  lostPackets: number
  readonly #clock: DeliveryClock
  readonly #maxPackets: number
  readonly #reorderPackets: number
  readonly #ring: SequenceRing<Waiting>
  #next: number
  #acknowledged: number
  #newest: number
  #reported: number
  #missing: number
  #stored: number
  #storedBytes: number
  #first: number | undefined

  /**
   * @param initialSequenceNumber - of the first packet.
   * @param reorderPackets - how many later packets must come before one counts as lost.
   */
  constructor(
    clock: DeliveryClock,
    initialSequenceNumber: number,
    maxPackets: number,
    reorderPackets: number,
  ) {
    this.droppedPackets = 0
    this.lostPackets = 0
    this.#clock = clock
    this.#maxPackets = maxPackets
    this.#reorderPackets = reorderPackets
    this.#ring = new SequenceRing(maxPackets)
    this.#next = initialSequenceNumber
    this.#acknowledged = initialSequenceNumber
    this.#newest = sequenceAfter(initialSequenceNumber, -1)
    this.#reported = this.#newest
    this.#missing = 0
    this.#stored = 0
    this.#storedBytes = 0
    this.#first = undefined
  }

  /** First packet that has not come. */
  get nextMissing(): number {
    return this.#acknowledged
  }

  /** Packets that still fit. */
  get freePackets(): number {
    return Math.max(0, this.#maxPackets - this.#span())
  }

  /** Packets that wait. */
  get storedPackets(): number {
    return this.#stored
  }

  /** Bytes that wait. */
  get storedBytes(): number {
    return this.#storedBytes
  }

  /** Whether packets are missing that have been reported. */
  get hasLoss(): boolean {
    return this.#missing > 0 && sequenceOffset(this.#acknowledged, this.#reported) >= 0
  }

  /** What {@link ReceiveBuffer.push} would say. */
  judge(sequenceNumber: number): Reception {
    const offset = sequenceOffset(this.#next, sequenceNumber)
    if (offset < 0) return 'belated'
    if (offset >= this.#maxPackets) return 'overflow'
    if (sequenceOffset(this.#newest, sequenceNumber) > 0) return 'stored'
    const there = this.#ring.get(sequenceNumber)
    return there === undefined || there === GIVEN_UP ? 'stored' : 'duplicate'
  }

  /** Stores a packet that {@link ReceiveBuffer.judge} takes. @param payload - kept; `undefined` if it came and cannot be read. */
  push(sequenceNumber: number, timestamp: number, payload: Uint8Array | undefined): void {
    const gap = sequenceOffset(this.#newest, sequenceNumber) - 1
    const wasMissing = gap < 0 && this.#ring.get(sequenceNumber) === undefined
    if (gap >= 0) this.#newest = sequenceNumber
    if (gap > 0) {
      this.#missing += gap
      this.lostPackets += gap
    }
    if (wasMissing) this.#missing--
    const waiting = payload === undefined ? GIVEN_UP : { payload, originUs: this.#clock.extend(timestamp) }
    this.#ring.set(sequenceNumber, waiting, this.#next, this.#span())
    if (payload !== undefined) {
      this.#stored++
      this.#storedBytes += payload.length
      if (this.#first === undefined || sequenceOffset(this.#first, sequenceNumber) < 0) {
        this.#first = sequenceNumber
      }
    }
    this.#advance()
  }

  /** The sender will not send these again. What is there already stays. */
  giveUp({ first, last }: SrtSequenceRange): void {
    const start = Math.max(sequenceOffset(this.#next, first), 0)
    const length = sequenceOffset(this.#next, last) + 1
    if (start > this.#span() || length <= start || length > this.#maxPackets) return
    const beyond = sequenceOffset(this.#newest, last)
    if (beyond > 0) {
      this.#newest = last
      this.#missing += beyond
    }
    for (let i = start; i < length; i++) {
      const at = sequenceAfter(this.#next, i)
      if (this.#ring.get(at) !== undefined) continue
      this.#ring.set(at, GIVEN_UP, this.#next, this.#span())
      this.#missing--
    }
    this.#advance()
  }

  /** Gaps that have not been reported yet and are no mere reordering. */
  takeNewLoss(): SrtSequenceRange[] {
    const until = sequenceAfter(this.#newest, -this.#reorderPackets)
    if (sequenceOffset(this.#reported, until) <= 0) return []
    const from = sequenceAfter(this.#reported)
    this.#reported = until
    if (this.#missing === 0) return []
    return this.#gaps(sequenceOffset(from, this.#acknowledged) > 0 ? this.#acknowledged : from)
  }

  /** All gaps that have been reported, the oldest first. */
  loss(): SrtSequenceRange[] {
    return this.#missing === 0 ? [] : this.#gaps(this.#acknowledged)
  }

  /** When the first packet that waits is due; what is missing before it is waited for till then. µs */
  get dueUs(): number {
    const first = this.#firstStored()
    return first === undefined ? Infinity : this.#clock.dueUs(this.#ring.get(first)!.originUs)
  }

  /** The next message that is due. What is missing before it is given up. */
  deliver(nowUs: number): DeliveredMessage | undefined {
    const first = this.#firstStored()
    if (first === undefined) return undefined
    const { payload, originUs } = this.#ring.get(first)!
    if (this.#clock.dueUs(originUs) > nowUs) return undefined
    let lostBefore = 0
    for (; this.#next !== first; this.#next = sequenceAfter(this.#next)) {
      lostBefore++
      if (this.#ring.get(this.#next) === undefined) this.#missing--
      else this.#ring.clear(this.#next)
    }
    this.#ring.clear(first)
    this.#next = sequenceAfter(first)
    this.#first = undefined
    this.#stored--
    this.#storedBytes -= payload.length
    this.droppedPackets += lostBefore
    if (sequenceOffset(this.#acknowledged, this.#next) > 0) this.#acknowledged = this.#next
    this.#advance()
    return { payload, sequenceNumber: first, originUs, lostBefore }
  }

  #span(): number {
    return sequenceOffset(this.#next, this.#newest) + 1
  }

  #advance(): void {
    const end = sequenceAfter(this.#newest)
    while (this.#acknowledged !== end && this.#ring.get(this.#acknowledged) !== undefined) {
      this.#acknowledged = sequenceAfter(this.#acknowledged)
    }
  }

  #firstStored(): number | undefined {
    if (this.#stored === 0) return undefined
    if (this.#first === undefined) {
      let at = this.#next
      for (
        let there = this.#ring.get(at);
        there === undefined || there === GIVEN_UP;
        there = this.#ring.get(at)
      ) {
        at = sequenceAfter(at)
      }
      this.#first = at
    }
    return this.#first
  }

  /** Missing packets from `from` to the last one that is reported; as many ranges as a NAK takes. */
  #gaps(from: number): SrtSequenceRange[] {
    const ranges: SrtSequenceRange[] = []
    let first: number | undefined
    const end = sequenceAfter(this.#reported)
    for (let at = from; sequenceOffset(at, end) > 0; at = sequenceAfter(at)) {
      const isMissing = this.#ring.get(at) === undefined
      if (isMissing) first ??= at
      else if (first !== undefined) {
        ranges.push({ first, last: sequenceAfter(at, -1) })
        first = undefined
        if (ranges.length === MAX_NAK_RANGES) return ranges
      }
    }
    if (first !== undefined) ranges.push({ first, last: this.#reported })
    return ranges
  }
}
/** Ranges of 8 bytes in a datagram of 1472. */
const MAX_NAK_RANGES = 180
