/**
 * Packets that wait for their reader, bounded by what they weigh.
 *
 * @module
 */
import type { MediaPacket } from '../../media/index.ts'

/** What a packet takes beside its body, in bytes: a peer could send bodies of 0 bytes. */
const PACKET_OVERHEAD_BYTES = 256

/** Taken packets after which the array is moved together. */
const COMPACT_AFTER = 1_024

/** First in, first out. Says when it is full; whoever adds must heed it. */
export class PacketQueue {
  readonly #maxBytes: number
  #packets: MediaPacket[]
  #head: number
  #bytes: number

  /** @param maxBytes - full from here on. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#packets = []
    this.#head = 0
    this.#bytes = 0
  }

  /** Nothing to take. */
  get isEmpty(): boolean {
    return this.#head === this.#packets.length
  }

  /** Nothing should be added now. */
  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes && !this.isEmpty
  }

  /** Puts `packet` at the end. */
  add(packet: MediaPacket): void {
    this.#packets.push(packet)
    this.#bytes += packet.body.length + PACKET_OVERHEAD_BYTES
  }

  /** Takes the oldest packet. */
  take(): MediaPacket | undefined {
    const packet = this.#packets[this.#head]
    if (packet === undefined) return undefined
    this.#head++
    this.#bytes -= packet.body.length + PACKET_OVERHEAD_BYTES
    if (this.#head === this.#packets.length) {
      this.#packets = []
      this.#head = 0
    } else if (this.#head >= COMPACT_AFTER) {
      this.#packets = this.#packets.slice(this.#head)
      this.#head = 0
    }
    return packet
  }
}
