/**
 * What a receiver report says of a source. RFC 3550 §6.4.1, §A.3 and §A.8.
 *
 * @module
 */
import type { ReportBlock, SenderReport } from './rtcp-packet.ts'
import type { RtpPacket } from './rtp-packet.ts'

/** Counts the packets of one source as they come, before they are put in order. */
export class ReceptionStatistics {
  readonly #clockRate: number
  #ssrc: number
  #base: number
  #highest: number
  #received: number
  #expectedBefore: number
  #receivedBefore: number
  #transit: number | undefined
  #jitter: number
  #report: { readonly ssrc: number; readonly middle: number; readonly atMs: number } | undefined

  /** @param clockRate - ticks a second of the payload format. */
  constructor(clockRate: number) {
    this.#clockRate = clockRate
    this.#ssrc = -1
    this.#base = 0
    this.#highest = 0
    this.#received = 0
    this.#expectedBefore = 0
    this.#receivedBefore = 0
    this.#transit = undefined
    this.#jitter = 0
    this.#report = undefined
  }

  /** Packets that came. */
  get receivedCount(): number {
    return this.#received
  }

  /** Packets that should have come and did not; below 0 if packets came twice. */
  get lostCount(): number {
    return this.#received === 0 ? 0 : this.#highest - this.#base + 1 - this.#received
  }

  /** Takes a packet that came at `nowMs`. */
  push(packet: RtpPacket, nowMs: number): void {
    if (packet.ssrc !== this.#ssrc) this.#begin(packet)
    const step = ((packet.sequenceNumber - this.#highest) << 16) >> 16
    if (step > 0) this.#highest += step
    this.#received++
    // Only the differences of transit times count, so they may wrap.
    const transit = (Math.round((nowMs * this.#clockRate) / 1000) - packet.timestamp) | 0
    if (this.#transit !== undefined) {
      const change = Math.abs((transit - this.#transit) | 0)
      this.#jitter += (change - this.#jitter) / 16
    }
    this.#transit = transit
  }

  /** Takes a sender report that came at `nowMs`. */
  takeSenderReport({ ssrc, ntpSeconds, ntpFraction }: SenderReport, nowMs: number): void {
    const middle = ((ntpSeconds & 0xffff) * 0x1_0000 + (ntpFraction >>> 16)) >>> 0
    this.#report = { ssrc, middle, atMs: nowMs }
  }

  /** The report block at `nowMs`, or `undefined` before any packet. The next one says what was lost since this one. */
  report(nowMs: number): ReportBlock | undefined {
    if (this.#received === 0) return undefined
    const expected = this.#highest - this.#base + 1
    const expectedNow = expected - this.#expectedBefore
    const lostNow = expectedNow - (this.#received - this.#receivedBefore)
    this.#expectedBefore = expected
    this.#receivedBefore = this.#received
    const delay = this.#report === undefined ? 0 : Math.round(((nowMs - this.#report.atMs) * 0x1_0000) / 1000)
    return {
      ssrc: this.#ssrc,
      fractionLost:
        expectedNow === 0 || lostNow <= 0 ? 0 : Math.min(255, Math.floor((lostNow * 256) / expectedNow)),
      cumulativeLost: Math.max(-0x80_0000, Math.min(0x7f_ffff, this.lostCount)),
      highestSequence: this.#highest >>> 0,
      jitter: Math.floor(this.#jitter),
      lastSenderReport: this.#report?.middle ?? 0,
      delaySinceLastSenderReport: delay >>> 0,
    }
  }

  #begin({ ssrc, sequenceNumber }: RtpPacket): void {
    this.#ssrc = ssrc
    this.#base = sequenceNumber
    this.#highest = sequenceNumber - 1
    this.#received = 0
    this.#expectedBefore = 0
    this.#receivedBefore = 0
    this.#transit = undefined
    this.#jitter = 0
    // The report of a source may come before its first packet.
    if (this.#report?.ssrc !== ssrc) this.#report = undefined
  }
}
