/**
 * What payload formats have in common on the way in: packets in order, frames out.
 *
 * @module
 */
import type { RtpPacket } from './rtp-packet.ts'

/** One access unit of video or frame of audio out of RTP. */
export interface RtpFrame {
  /** 32 bits, in ticks of the payload format's clock. */
  readonly timestamp: number
  /** The bytes as an `AccessUnit` has them. A copy, or a view of packets that nobody writes to. */
  readonly data: Uint8Array
  /** Whether media was lost since the frame before. */
  readonly lost: boolean
}

/** Puts the payloads of one format together. */
export interface Depacketizer {
  /** Payloads, or frames begun, that were thrown away because they are damaged, too large or not of this format. */
  readonly damagedCount: number
  /**
   * Takes the next packet in order. Its payload is kept, not copied, until the frame is whole. Never throws.
   * @param packet - of the format's payload type.
   * @param lost - whether packets are missing before it.
   * @returns frames that are complete, as a rule one or none.
   */
  push(packet: RtpPacket, lost: boolean): RtpFrame[]
  /** The frame whose end only the next one would have shown; `undefined` without one. */
  flush(): RtpFrame | undefined
}

/** Bound of a {@link Depacketizer}. */
export interface DepacketizerOptions {
  /** Bytes of one frame; one that is larger is thrown away. @defaultValue 4_194_304 */
  readonly maxFrameBytes?: number
}

/** Most bytes of a frame. */
export const DEFAULT_MAX_FRAME_BYTES = 4_194_304

/** Formats whose packets each hold whole frames: G.711, Opus, MPEG-TS. */
export class PlainDepacketizer implements Depacketizer {
  readonly damagedCount = 0
  #lost: boolean

  constructor() {
    this.#lost = false
  }

  push({ timestamp, payload }: RtpPacket, lost: boolean): RtpFrame[] {
    this.#lost ||= lost
    if (payload.length === 0) return []
    const frame = { timestamp, data: payload, lost: this.#lost }
    this.#lost = false
    return [frame]
  }

  flush(): undefined {
    return undefined
  }
}
