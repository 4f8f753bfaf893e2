/**
 * What comes in from publishers: what is let through, what is counted, and what it says about the stream.
 *
 * @module
 */
import type { FourCc, MediaPacket } from '../media/index.ts'

/** Audio alone for so long, and no video configuration: the stream is taken to have no video. */
const AUDIO_ONLY_AFTER_MS = 500

/** Video that pauses for so long no longer holds up joining players. */
const VIDEO_STALLED_AFTER_MS = 3_000

/** Facts of the present publisher's media, and sums over all publishers of a source. */
export class Intake {
  /** Body bytes. */
  receivedBytes: number
  /** Packets. */
  receivedPackets: number
  /** Coded video packets. */
  receivedFrames: number
  /** Of these, before the first keyframe of their publisher. */
  droppedBeforeKeyframe: number
  #keyframeSeen: boolean
  #firstDts: number | undefined
  #lastVideoDts: number | undefined
  #audioCodec: FourCc
  #videoCodec: FourCc

  constructor() {
    this.receivedBytes = 0
    this.receivedPackets = 0
    this.receivedFrames = 0
    this.droppedBeforeKeyframe = 0
    this.#keyframeSeen = false
    this.#firstDts = undefined
    this.#lastVideoDts = undefined
    this.#audioCodec = ''
    this.#videoCodec = ''
  }

  /** FourCC of the newest audio packet of the publisher, `''` when there was none. */
  get audioCodec(): FourCc {
    return this.#audioCodec
  }

  /** FourCC of the newest video packet of the publisher, `''` when there was none. */
  get videoCodec(): FourCc {
    return this.#videoCodec
  }

  /** The publisher has sent video, configuration not counted. */
  get hasVideo(): boolean {
    return this.#lastVideoDts !== undefined
  }

  /** The publisher has sent audio or video. */
  get hasBegun(): boolean {
    return this.#firstDts !== undefined
  }

  /** Another publisher: the facts begin anew, the sums go on. */
  restart(): void {
    this.#keyframeSeen = false
    this.#firstDts = undefined
    this.#lastVideoDts = undefined
    this.#audioCodec = ''
    this.#videoCodec = ''
  }

  /**
   * Counts a packet. Video of a publisher before its first keyframe refers to pictures that nobody has: it would break the picture of
   * players that go on after a reconnect, and nobody can start with it.
   * @returns whether the packet is let through.
   */
  admit(packet: MediaPacket): boolean {
    this.receivedBytes += packet.body.length
    this.receivedPackets++
    if (packet.kind !== 'video' || !packet.coded) return true
    this.receivedFrames++
    if (packet.keyframe) this.#keyframeSeen = true
    if (this.#keyframeSeen) return true
    this.droppedBeforeKeyframe++
    return false
  }

  /** Learns from a packet that was let through, with its dts on the source's clock. */
  learn(packet: MediaPacket): void {
    if (packet.coded) {
      this.#firstDts ??= packet.dts
      if (packet.kind === 'video') this.#lastVideoDts = packet.dts
    }
    if (packet.codec === '') return
    if (packet.kind === 'audio') this.#audioCodec = packet.codec
    else this.#videoCodec = packet.codec
  }

  /** Whether nobody should wait for video: there is none, or it has paused for long. */
  isAudioOnly(lastDts: number, hasVideoConfiguration: boolean): boolean {
    if (this.#lastVideoDts !== undefined) return lastDts - this.#lastVideoDts > VIDEO_STALLED_AFTER_MS
    if (hasVideoConfiguration || this.#firstDts === undefined) return false
    return lastDts - this.#firstDts >= AUDIO_ONLY_AFTER_MS
  }
}
