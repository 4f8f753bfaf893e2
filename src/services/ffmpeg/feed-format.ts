/**
 * In which container ffmpeg is given a stream: FLV where every version reads it, for H.264 and the audio of
 * old FLV, else fragmented MP4. Codecs of Enhanced RTMP are read from FLV since FFmpeg 6.1 (HEVC, AV1, VP9)
 * and 8.0 (Opus, FLAC, AC-3); MP4 has all of them in any version.
 *
 * @module
 */
import { concatBytes, EMPTY_BYTES } from '../../bytes/index.ts'
import { FlvMuxer } from '../../flv/index.ts'
import { type MediaPacket, SOUND_FORMAT_EX_HEADER } from '../../media/index.ts'
import { FragmentedMp4Muxer, type Mp4Fragment } from '../../mp4/index.ts'

/** Writes a stream for one run of ffmpeg. */
export interface FeedFormat {
  /** Its name, for `-f`. */
  readonly name: 'flv' | 'mp4'
  /**
   * The bytes that `packet` makes, at its own dts; `undefined` if it begins something that this run cannot
   * take.
   */
  write(packet: MediaPacket): Uint8Array | undefined
  /** The bytes at the end. */
  end(): Uint8Array
}

/**
 * The format for a stream that begins with `packets`, the first of each kind among them.
 * @throws TypeError for a codec that neither container can carry.
 */
export function feedFormatOf(packets: readonly MediaPacket[]): FeedFormat {
  return packets.every(isOldFlv) ? new FlvFeed() : new Mp4Feed(packets)
}

/** Whether it is of a codec, and in the form, that FLV had before Enhanced RTMP. */
export function isOldFlv({ kind, codec, body }: MediaPacket): boolean {
  const first = body[0] ?? 0
  if (kind === 'audio') return first >> 4 !== SOUND_FORMAT_EX_HEADER
  // IsExVideoHeader; and codec ids 12 and 13, which are only a convention.
  return (first & 0x80) === 0 && codec !== 'hvc1' && codec !== 'av01'
}

class FlvFeed implements FeedFormat {
  readonly name = 'flv'
  readonly #muxer = new FlvMuxer()
  #isOpen = false

  write(packet: MediaPacket): Uint8Array | undefined {
    const tag = this.#muxer.write(packet)
    if (this.#isOpen) return tag
    this.#isOpen = true
    return concatBytes([this.#muxer.header(), tag])
  }

  end(): Uint8Array {
    return EMPTY_BYTES
  }
}

class Mp4Feed implements FeedFormat {
  readonly name = 'mp4'
  readonly #muxer: FragmentedMp4Muxer
  readonly #isVideo: boolean
  #isOpen = false

  constructor(packets: readonly MediaPacket[]) {
    const probe = new FragmentedMp4Muxer({ originDts: 0 })
    for (const packet of packets) probe.write(packet)
    if (probe.tracks.length === 0) {
      const codecs = new Set(packets.map(({ codec }) => codec))
      throw new TypeError(`ffmpeg cannot be given ${Array.from(codecs).join(' and ')}`)
    }
    this.#isVideo = probe.tracks.some(({ kind }) => kind === 'video')
    this.#muxer = new FragmentedMp4Muxer({ originDts: 0 })
  }

  write(packet: MediaPacket): Uint8Array | undefined {
    const result = this.#muxer.write(packet)
    if (result !== 'written' && result !== 'ignored') return undefined
    // A fragment for each picture, or sound would wait for nothing.
    const { pendingMs, pendingCount, pendingBytes } = this.#muxer
    const isFull = pendingMs > HELD_MS || pendingCount > HELD_SAMPLES || pendingBytes > HELD_BYTES
    const isDue = packet.coded && (packet.kind === 'video' || !this.#isVideo || isFull)
    return isDue ? this.#take(this.#muxer.fragment()) : EMPTY_BYTES
  }

  end(): Uint8Array {
    return this.#muxer.tracks.length === 0 ? EMPTY_BYTES : this.#take(this.#muxer.end())
  }

  #take(fragment: Mp4Fragment | undefined): Uint8Array {
    if (fragment === undefined) return EMPTY_BYTES
    if (this.#isOpen) return fragment.bytes
    this.#isOpen = true
    return concatBytes([this.#muxer.init(), fragment.bytes])
  }
}

/** Sound that waits for a picture, ms; its times may stand still. */
const HELD_MS = 200
const HELD_SAMPLES = 64
const HELD_BYTES = 262_144
