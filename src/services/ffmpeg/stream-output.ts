/**
 * What ffmpeg writes, as a stream of a hub.
 *
 * @module
 */
import type { Readable } from 'node:stream'
import { concatBytes } from '../../bytes/index.ts'
import { MediaError } from '../../errors/index.ts'
import { FlvDemuxer } from '../../flv/index.ts'
import type { Hub, Publisher, PublisherEnd, StreamPath } from '../../hub/index.ts'
import { encodeVideoTagHeader, type MediaPacket, packetFromTag, TAG_TYPE_VIDEO } from '../../media/index.ts'

/** Configuration that is kept while a stream cannot be published: metadata, audio, video. */
const MAX_HELD = 8

/** How a {@link StreamOutput} publishes. */
export interface StreamOutputOptions {
  /** Where. */
  readonly hub: Hub
  /** As what. */
  readonly streamPath: StreamPath
  /**
   * Added to all times, ms, which are then those of the stream.
   * @defaultValue the times of ffmpeg, on the stream's own clock
   */
  readonly shiftMs?: number
  /** For {@link Publisher.userData}. */
  readonly userData: unknown
  /** Something came. */
  readonly onMedia: () => void
  /** The bytes are not FLV. */
  readonly onDamage: (reason: string) => void
  /** Somebody ended the stream, or took it over. */
  readonly onLost?: (reason: PublisherEnd) => void
}

/** One output of one run of ffmpeg. It publishes with its first media, and leaves when it is closed. */
export class StreamOutput {
  readonly #options: StreamOutputOptions
  readonly #demuxer: FlvDemuxer
  #publisher: Publisher | undefined
  #held: MediaPacket[]
  #problem: string | undefined
  #packets: number
  #isLost: boolean

  /** @param options - see {@link StreamOutputOptions}. */
  constructor(options: StreamOutputOptions) {
    this.#options = options
    this.#demuxer = new FlvDemuxer()
    this.#publisher = undefined
    this.#held = []
    this.#problem = undefined
    this.#packets = 0
    this.#isLost = false
  }

  /** The stream is published by this output. */
  get live(): boolean {
    return this.#publisher !== undefined && this.#publisher.ended === undefined
  }

  /** Packets that came so far. */
  get packets(): number {
    return this.#packets
  }

  /** Why it is not live, if that is known: its name is in use, or somebody ended it. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Reads `pipe` from now on. */
  readFrom(pipe: Readable): void {
    pipe.on('data', (bytes: Uint8Array) => this.#push(bytes))
  }

  /** Leaves the stream. */
  close(): void {
    this.#publisher?.unpublish()
  }

  #push(bytes: Uint8Array): void {
    const { onMedia, onDamage } = this.#options
    onMedia()
    try {
      this.#demuxer.push(bytes)
      for (const packet of this.#demuxer) this.#take(packet)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      onDamage(error.message)
    }
  }

  #take(packet: MediaPacket): void {
    this.#packets++
    const shifted = this.#shifted(packet)
    if (shifted === undefined || this.#isLost) return
    if (this.#publisher === undefined) {
      // Without a keyframe nobody could show the video; if there is no video, audio begins anywhere.
      const isStart = packet.coded && (packet.keyframe || !this.#held.some(({ kind }) => kind === 'video'))
      if (!isStart || !this.#publish()) {
        if (packet.configuration && this.#held.length < MAX_HELD) this.#held.push(shifted)
        return
      }
      for (const held of this.#held) this.#publisher!.write(held)
      this.#held = []
    }
    this.#publisher!.write(shifted)
  }

  /** Tries again with each keyframe while somebody else has the name. */
  #publish(): boolean {
    const { hub, streamPath, userData, shiftMs } = this.#options
    try {
      this.#publisher = hub.publish(streamPath, {
        takeOver: false,
        userData,
        onLost: (reason) => {
          this.#isLost = true
          this.#problem = reason
          this.#options.onLost?.(reason)
        },
        ...(shiftMs === undefined ? {} : { atc: true }),
      })
      this.#problem = undefined
      return true
    } catch (error) {
      if (!(error instanceof MediaError) && !(error instanceof RangeError)) throw error
      this.#problem = error.message
      return false
    }
  }

  #shifted(packet: MediaPacket): MediaPacket | undefined {
    const { shiftMs = 0 } = this.#options
    const dts = packet.dts + shiftMs
    if (dts >= 0 || !packet.coded) return packet.withDts(Math.max(0, dts))
    // What an encoder puts before the first sample of all, and decode times before the first picture's.
    return packet.kind === 'video' ? atZero(packet, dts) : undefined
  }
}

/** `packet` at dts 0 instead of a negative one, with its presentation time as it was. */
function atZero(packet: MediaPacket, dts: number): MediaPacket {
  const { codec, keyframe, cts, payload, body } = packet
  const frameType = keyframe ? 1 : (body[0]! >> 4) & 0x07
  const enhanced = (body[0]! & 0x80) === 0 ? undefined : true
  const head = encodeVideoTagHeader({ codec, packetType: 1, frameType, cts: cts + dts, enhanced })
  return packetFromTag(TAG_TYPE_VIDEO, 0, concatBytes([head, payload]))
}
