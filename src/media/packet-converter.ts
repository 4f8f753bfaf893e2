/**
 * From access units to packets: the way in for every wire that has no FLV tags.
 *
 * @module
 */
import { MediaError } from '../errors/index.ts'
import type { AccessUnit } from './access-unit.ts'
import { AudioIntake } from './audio-intake.ts'
import { type FourCc, isKnownCodec } from './codecs.ts'
import type { MediaPacket } from './media-packet.ts'
import { VideoIntake } from './video-intake.ts'

/** Highest track id: UI8 in Enhanced RTMP. */
const MAX_TRACK_ID = 255

/** Audio codecs of legacy FLV alone that other wires carry. */
const LEGACY_AUDIO: ReadonlySet<FourCc> = new Set(['alaw', 'ulaw'])

/**
 * Makes packets of access units as they come from a transport stream, RTP or an encoder, for any number of tracks:
 *
 * - Decoder configuration comes out of parameter sets, sequence headers and frame headers that are in band, or was told apart, and again
 *   whenever it changes. H.264, HEVC and AV1 are without parameter sets, access unit delimiters and temporal delimiters then.
 * - Decode times are made where presentation times alone are known.
 * - Video begins at a random access point with its configuration, also after a loss.
 *
 * Odd units never make it throw: what cannot be carried is left out and counted.
 *
 * @example From a transport stream to a hub
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { PacketConverter } from 'millrace/media'
 * import { TsDemuxer } from 'millrace/mpegts'
 *
 * const publisher = new Hub().publish('/live/show')
 * const demuxer = new TsDemuxer()
 * const converter = new PacketConverter()
 *
 * export function receive(bytes: Uint8Array): void {
 *   demuxer.push(bytes)
 *   for (let unit = demuxer.read(); unit !== undefined; unit = demuxer.read())
 *     for (const packet of converter.push(unit)) publisher.write(packet)
 * }
 * ```
 */
export class PacketConverter {
  readonly #tracks: Map<number, AudioIntake | VideoIntake>
  #skippedCount: number
  #damagedCount: number

  constructor() {
    this.#tracks = new Map()
    this.#skippedCount = 0
    this.#damagedCount = 0
  }

  /** Units that were left out: of an unknown codec, before their configuration or a random access point, without a time. */
  get skippedCount(): number {
    return this.#skippedCount
  }

  /** Units whose bytes are not what their codec says, or are missing where they were lost. */
  get damagedCount(): number {
    return this.#damagedCount
  }

  /** The packets of one unit in the order in which they belong: configuration if it has changed, then frames. `data` is copied. */
  push(unit: AccessUnit): MediaPacket[] {
    const packets: MediaPacket[] = []
    const { codec, trackId = 0 } = unit
    const kind = kindOf(codec)
    if (kind === undefined || !(trackId >= 0 && trackId <= MAX_TRACK_ID)) {
      this.#skippedCount++
      return packets
    }
    const key = trackId * 2 + (kind === 'video' ? 1 : 0)
    let track = this.#tracks.get(key)
    if (track?.codec !== codec) {
      track = kind === 'video' ? new VideoIntake(codec, trackId) : new AudioIntake(codec, trackId)
      this.#tracks.set(key, track)
    }
    try {
      if (!track.push(unit, packets)) this.#skippedCount++
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      this.#damagedCount++
      track.lose()
    }
    return packets
  }
}

function kindOf(codec: FourCc): 'audio' | 'video' | undefined {
  if (isKnownCodec('video', codec)) return 'video'
  return isKnownCodec('audio', codec) || LEGACY_AUDIO.has(codec) ? 'audio' : undefined
}
