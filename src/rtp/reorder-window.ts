/**
 * RTP packets in the order of their sequence numbers. RFC 3550 §A.1 has the rules for sources that restart.
 *
 * @module
 */
import type { RtpPacket } from './rtp-packet.ts'

/** Bounds of a {@link ReorderWindow}. */
export interface ReorderWindowOptions {
  /** Packets that wait for one before them; 0 for wires that keep the order, such as TCP. @defaultValue 64 */
  readonly maxPackets?: number
  /** How long a packet waits for one before it, in ms. @defaultValue 100 */
  readonly maxWaitMs?: number
}

/** A packet in its place. */
export interface OrderedPacket {
  /** The packet. */
  readonly packet: RtpPacket
  /** Packets that are missing before it, 0 as a rule; 1 where nobody knows how many, as after a restart of the source. */
  readonly lostCount: number
}

/** A step of sequence numbers that is no loss but a restart. RFC 3550 §A.1: MAX_DROPOUT. */
const MAX_DROPOUT = 3000
/** How far back a packet is late instead of a restart. RFC 3550 §A.1: MAX_MISORDER. */
const MAX_MISORDER = 100

interface Waiting {
  readonly packet: RtpPacket
  readonly sinceMs: number
}

/**
 * Puts the packets of one source in order, and gives up on those that do not come: after `maxWaitMs`, or when more than `maxPackets` wait.
 * Packets that come twice or too late are dropped. A source that restarts is followed: at once if it has another SSRC, else once two of its
 * packets are in a row.
 */
export class ReorderWindow {
  readonly #maxPackets: number
  readonly #maxWaitMs: number
  readonly #waiting: Map<number, Waiting>
  readonly #ready: OrderedPacket[]
  #ssrc: number | undefined
  #next: number
  #restart: number | undefined
  #lost: number
  #lostCount: number
  #lateCount: number

  /** @param options - bounds. */
  constructor(options: ReorderWindowOptions = {}) {
    this.#maxPackets = options.maxPackets ?? 64
    this.#maxWaitMs = options.maxWaitMs ?? 100
    this.#waiting = new Map()
    this.#ready = []
    this.#ssrc = undefined
    this.#next = 0
    this.#restart = undefined
    this.#lost = 0
    this.#lostCount = 0
    this.#lateCount = 0
  }

  /** Packets that never came. */
  get lostCount(): number {
    return this.#lostCount
  }

  /** Packets that were dropped because they came twice or too late. */
  get lateCount(): number {
    return this.#lateCount
  }

  /** Sequence numbers that are missing while later packets wait: what a NACK asks for. */
  get missing(): number[] {
    const numbers: number[] = []
    if (this.#waiting.size === 0) return numbers
    const last = Math.max(...Array.from(this.#waiting.keys(), (number) => (number - this.#next) & 0xffff))
    for (let i = 0; i < last; i++) {
      const number = (this.#next + i) & 0xffff
      if (!this.#waiting.has(number)) numbers.push(number)
    }
    return numbers
  }

  /** When {@link ReorderWindow.handleTimeout} has something to do, on the clock of `nowMs`; `undefined` while nothing waits. */
  get nextTimeoutMs(): number | undefined {
    let first: number | undefined
    for (const { sinceMs } of this.#waiting.values()) first = Math.min(first ?? Infinity, sinceMs)
    return first === undefined ? undefined : first + this.#maxWaitMs
  }

  /** Takes a packet, whose payload is kept until it was read. */
  push(packet: RtpPacket, nowMs: number): void {
    if (this.#ssrc !== packet.ssrc) {
      if (this.#ssrc !== undefined) this.#begin(1)
      this.#ssrc = packet.ssrc
      this.#next = packet.sequenceNumber
    }
    const ahead = ((packet.sequenceNumber - this.#next) << 16) >> 16
    if (ahead >= MAX_DROPOUT || ahead < -MAX_MISORDER) {
      if (packet.sequenceNumber !== this.#restart) {
        this.#restart = (packet.sequenceNumber + 1) & 0xffff
        this.#lateCount++
        return
      }
      this.#begin(1)
      this.#next = packet.sequenceNumber
    } else if (ahead < 0 || this.#waiting.has(packet.sequenceNumber)) {
      this.#lateCount++
      return
    }
    this.#restart = undefined
    this.#waiting.set(packet.sequenceNumber, { packet, sinceMs: nowMs })
    this.#release()
    while (this.#waiting.size > this.#maxPackets) this.#skip()
    this.handleTimeout(nowMs)
  }

  /** Gives up on packets for which others wait too long. */
  handleTimeout(nowMs: number): void {
    for (let due = this.nextTimeoutMs; due !== undefined && due <= nowMs; due = this.nextTimeoutMs)
      this.#skip()
  }

  /** The source is over: what waits is there to read. */
  flush(): void {
    while (this.#waiting.size > 0) this.#skip()
  }

  /** The next packet in order, or `undefined`. */
  read(): OrderedPacket | undefined {
    return this.#ready.shift()
  }

  /** Another sequence begins: what waits of the one before goes out first. */
  #begin(lost: number): void {
    this.flush()
    this.#lost = lost
  }

  /** Passes over the packets that are missing before the next one that is there. */
  #skip(): void {
    let step = 0x1_0000
    for (const number of this.#waiting.keys()) step = Math.min(step, (number - this.#next) & 0xffff)
    this.#next = (this.#next + step) & 0xffff
    this.#lost += step
    this.#lostCount += step
    this.#release()
  }

  /** Makes the packets readable that are next. */
  #release(): void {
    for (
      let found = this.#waiting.get(this.#next);
      found !== undefined;
      found = this.#waiting.get(this.#next)
    ) {
      this.#waiting.delete(this.#next)
      this.#ready.push({ packet: found.packet, lostCount: this.#lost })
      this.#lost = 0
      this.#next = (this.#next + 1) & 0xffff
    }
  }
}
