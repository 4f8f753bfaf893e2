/**
 * What comes in from publishers: what is let through, what is counted, and what it says about the stream.
 *
 * @module
 */
import { type FourCc, type MediaPacket, VideoPresence } from '../media/index.ts'

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
  /** Whether readers should wait for pictures. */
  readonly video: VideoPresence
  #keyframeSeen: boolean
  #hasBegun: boolean
  #audioCodec: FourCc
  #videoCodec: FourCc

  constructor() {
    this.receivedBytes = 0
    this.receivedPackets = 0
    this.receivedFrames = 0
    this.droppedBeforeKeyframe = 0
    this.video = new VideoPresence()
    this.#keyframeSeen = false
    this.#hasBegun = false
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

  /** The publisher has sent audio or video. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** Another publisher: the facts begin anew, the sums go on. */
  restart(): void {
    this.video.restart()
    this.#keyframeSeen = false
    this.#hasBegun = false
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
    if (packet.coded) this.#hasBegun = true
    this.video.observe(packet)
    if (packet.codec === '') return
    if (packet.kind === 'audio') this.#audioCodec = packet.codec
    else this.#videoCodec = packet.codec
  }
}

/** Whether a frame of the default track comes with it: the one that players wait for. */
export function isDefaultVideo(packet: MediaPacket): boolean {
  return packet.kind === 'video' && packet.coded && (packet.codec !== '' || !packet.multitrack)
}
