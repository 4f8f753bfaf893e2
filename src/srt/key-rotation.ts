/**
 * When a sender changes its key. draft-sharabayko-srt-01 §6.1.6: the next key is announced before it is used, and the last one is kept a while after.
 *
 * @module
 */
import { equalBytes } from '../bytes/index.ts'
import type { KeyRing, KeySlot } from './key-ring.ts'

/** A payload as it is sent. */
export interface EncryptedPayload {
  readonly key: KeySlot
  readonly bytes: Uint8Array
}

/** The sending keys of a connection: which is in use, and which is announced. */
export class KeyRotation {
  readonly #ring: KeyRing
  readonly #refreshPackets: number
  readonly #announcePackets: number
  #active: KeySlot
  #packets: number
  #announcement: Uint8Array | undefined
  #confirmed: boolean
  #announcedUs: number

  /** @param announcePackets - how many packets before the change the next key is announced. */
  constructor(ring: KeyRing, refreshPackets: number, announcePackets: number) {
    this.#ring = ring
    this.#refreshPackets = refreshPackets
    this.#announcePackets = Math.min(announcePackets, Math.floor((refreshPackets - 1) / 2))
    this.#active = 'even'
    this.#packets = 0
    this.#announcement = undefined
    this.#confirmed = false
    this.#announcedUs = -Infinity
  }

  /** Encrypts the payload of the next packet. Key and its flag are chosen in one step. */
  encrypt(sequenceNumber: number, payload: Uint8Array): EncryptedPayload {
    const other = this.#active === 'even' ? 'odd' : 'even'
    this.#packets++
    if (this.#packets === this.#announcePackets) this.#ring.discard(other)
    if (this.#packets === this.#refreshPackets - this.#announcePackets) this.#announce(other)
    // A key that the peer has not confirmed would make everything that follows unreadable: the old one stays in use.
    if (this.#packets > this.#refreshPackets && this.#confirmed) {
      this.#active = other
      this.#packets = 1
      this.#confirmed = false
    }
    return { key: this.#active, bytes: this.#ring.apply(this.#active, sequenceNumber, payload)! }
  }

  /** The announcement, if it is to be sent now: again after 1.5 RTT without an answer. */
  takeAnnouncement(nowUs: number, rttUs: number): Uint8Array | undefined {
    if (this.#announcement === undefined || nowUs < this.#announcedUs + 1.5 * rttUs) return undefined
    this.#announcedUs = nowUs
    return this.#announcement
  }

  /** When {@link KeyRotation.takeAnnouncement} has something. */
  dueUs(rttUs: number): number {
    return this.#announcement === undefined ? Infinity : this.#announcedUs + 1.5 * rttUs
  }

  /** The peer's answer: the announcement itself if it has taken the key. Another one starts the period again. */
  answered(message: Uint8Array): void {
    if (this.#announcement === undefined) return
    if (equalBytes(message, this.#announcement)) this.#confirmed = true
    else if (message.length === 4) this.#packets = 0
    else return
    this.#announcement = undefined
  }

  #announce(slot: KeySlot): void {
    this.#ring.renew(slot)
    this.#announcement = this.#ring.message()
    this.#confirmed = false
    this.#announcedUs = -Infinity
  }
}
