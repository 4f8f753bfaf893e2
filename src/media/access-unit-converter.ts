/**
 * From packets to access units: the way out to every wire that has no FLV tags.
 *
 * @module
 */
import { equalBytes } from '../bytes/index.ts'
import { configurationOfAdts, inBandConfiguration, splitAdts } from '../codec/index.ts'
import { MediaError } from '../errors/index.ts'
import type { AccessUnit } from './access-unit.ts'
import type { FourCc } from './codecs.ts'
import type { MediaPacket } from './media-packet.ts'
import type { TrackPacket } from './track-packet.ts'
import { VideoFormat, VideoUnit } from './video-unit.ts'

/** Samples a channel of an ADTS frame of one block. */
const ADTS_FRAME_SAMPLES = 1024

/** A track and what its configuration says. */
interface Track {
  readonly codec: FourCc
  readonly configuration: Uint8Array | undefined
  readonly video: VideoFormat | undefined
}

/**
 * Makes access units of packets, for any number of tracks. H.264 and HEVC come with lengths of 4 bytes, without access unit delimiter and
 * with their parameter sets before each random access point; AAC comes raw, also where ADTS was in the tags. Each unit has the
 * configuration that is in force. Odd packets never make it throw: what cannot be read is left out and counted.
 */
export class AccessUnitConverter {
  readonly #tracks: Map<number, Track>
  #skippedCount: number

  constructor() {
    this.#tracks = new Map()
    this.#skippedCount = 0
  }

  /** Coded frames that were left out: before their configuration, or damaged. */
  get skippedCount(): number {
    return this.#skippedCount
  }

  /** The units of one packet; none for configuration and data. Their bytes may be views of the packet: do not write to them. */
  push(packet: MediaPacket): AccessUnit[] {
    const units: AccessUnit[] = []
    if (packet.kind === 'data') return units
    for (const track of packet.tracks()) {
      if (track.configuration) this.#configure(packet.kind, track)
      else if (track.coded) this.#pushFrame(packet, packet.kind, track, units)
    }
    return units
  }

  #configure(kind: 'audio' | 'video', { codec, trackId, payload }: TrackPacket): void {
    const known = this.#tracks.get(keyOf(kind, trackId))
    if (known?.codec === codec && known.configuration && equalBytes(known.configuration, payload)) return
    const video = kind === 'video' ? readable(() => VideoFormat.of(codec, payload)) : undefined
    this.#tracks.set(keyOf(kind, trackId), { codec, configuration: payload.slice(), video })
  }

  #pushFrame(packet: MediaPacket, kind: 'audio' | 'video', frame: TrackPacket, units: AccessUnit[]): void {
    const { codec, trackId, payload, keyframe } = frame
    const { dts } = packet
    const pts = dts + frame.cts
    const track = this.#tracks.get(keyOf(kind, trackId))
    const configuration = track?.codec === codec ? track.configuration : undefined
    if (kind === 'audio') {
      const frames = codec === 'mp4a' ? splitAdts(payload) : []
      if (frames.length === 0) {
        units.push({ codec, trackId, pts: dts, dts, data: payload, randomAccess: true, configuration })
      }
      for (const [i, { header, payload: data }] of frames.entries()) {
        const time = dts + (i * ADTS_FRAME_SAMPLES * 1000) / header.samplingFrequency
        const record = configuration ?? configurationOfAdts(header)
        units.push({ codec, trackId, pts: time, dts: time, data, randomAccess: true, configuration: record })
      }
    } else if (codec === 'avc1' || codec === 'hvc1') {
      const format = this.#formatOf(track, frame)
      const unit = format && VideoUnit.measure(format, payload, keyframe)
      if (unit === undefined) {
        this.#skippedCount++
        return
      }
      const { randomAccess } = unit
      const record = this.#tracks.get(keyOf(kind, trackId))?.configuration
      units.push({
        codec,
        trackId,
        pts,
        dts,
        data: unit.lengthPrefixed(),
        randomAccess,
        configuration: record,
      })
    } else units.push({ codec, trackId, pts, dts, data: payload, randomAccess: keyframe, configuration })
  }

  /** The format in force, or that of a keyframe which brings its parameter sets when no configuration has come. */
  #formatOf(
    track: Track | undefined,
    { codec, trackId, payload, keyframe }: TrackPacket,
  ): VideoFormat | undefined {
    if (track?.codec === codec && track.video !== undefined) return track.video
    const configuration = keyframe ? inBandConfiguration(codec, payload) : undefined
    if (configuration === undefined) return undefined
    const video = VideoFormat.of(codec, configuration)
    this.#tracks.set(keyOf('video', trackId), { codec, configuration, video })
    return video
  }
}

function keyOf(kind: 'audio' | 'video', trackId: number): number {
  return trackId * 2 + (kind === 'video' ? 1 : 0)
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}
