/**
 * Data messages that a publisher sent before its first media, such as those that announce an audio track for recordings (Twitch's VOD
 * track) and carry its configuration: who passes the stream on later has to send them too.
 *
 * @module
 */
import { copyBytes } from '../bytes/index.ts'
import { type MediaPacket, packetFromTag, TAG_TYPE_DATA } from '../media/index.ts'

/** Messages that are kept. */
const MAX_MESSAGES = 32

/** Their bytes together. */
const MAX_BYTES = 65_536

/** Those of one publisher, as copies. What is beyond the bounds is not kept. */
export class OpeningData {
  #kept: { readonly seq: number; readonly packet: MediaPacket }[]
  #bytes: number

  constructor() {
    this.#kept = []
    this.#bytes = 0
  }

  /** Takes a data packet that gets sequence number `seq`. Metadata is kept elsewhere. */
  add(seq: number, packet: MediaPacket): void {
    const { configuration, body, dts } = packet
    if (configuration || this.#kept.length >= MAX_MESSAGES || this.#bytes + body.length > MAX_BYTES) return
    this.#bytes += body.length
    this.#kept.push({ seq, packet: packetFromTag(TAG_TYPE_DATA, dts, copyBytes(body)) })
  }

  /** Those that came before the packet `seq`. */
  before(seq: number): MediaPacket[] {
    return this.#kept.filter((one) => one.seq < seq).map(({ packet }) => packet)
  }

  /** Another publisher begins. */
  clear(): void {
    this.#kept = []
    this.#bytes = 0
  }
}
