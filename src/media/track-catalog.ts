/**
 * What tracks a stream or file has: for listings, statistics pages and tests.
 *
 * @module
 */
import { describeTrack, type TrackDescription } from '../codec/index.ts'
import type { MediaPacket } from './media-packet.ts'
import type { TrackPacket } from './track-packet.ts'

/** One track as far as it was seen. */
export interface TrackSummary {
  /** Audio or video. */
  readonly kind: 'audio' | 'video'
  /** 0 is the default track. */
  readonly trackId: number
  /**
   * Codec, codec string, size, rates: from its newest configuration, or from its first frame if there is
   * none.
   */
  readonly description: TrackDescription
  /** Packets of coded media. */
  readonly packetCount: number
  /** Bytes of coded media, headers not counted. */
  readonly byteCount: number
  /** Packets to start at; 0 for audio. */
  readonly keyframeCount: number
  /** `dts` of the first coded packet in ms. */
  readonly firstDts: number
  /** `dts` of the last coded packet in ms. */
  readonly lastDts: number
}

type Summary = { -readonly [Key in keyof TrackSummary]: TrackSummary[Key] }

/** Watches packets and sums up their tracks. Keeps no media; a stream has at most 256 tracks of a kind. */
export class TrackCatalog {
  readonly #summaries: Map<number, Summary>

  constructor() {
    this.#summaries = new Map()
  }

  /** The tracks so far, video first, in order of track id: copies that later packets do not change. */
  get tracks(): TrackSummary[] {
    return Array.from(this.#summaries)
      .toSorted((a, b) => a[0] - b[0])
      .map(([, summary]) => ({ ...summary }))
  }

  /** Takes one packet. */
  push(packet: MediaPacket): void {
    if (packet.kind === 'data' || !(packet.coded || packet.configuration)) return
    for (const track of packet.tracks())
      if (track.coded || track.configuration) this.#add(packet.kind, packet.dts, track)
  }

  #add(kind: 'audio' | 'video', dts: number, track: TrackPacket): void {
    const key = (kind === 'video' ? 0 : 256) + track.trackId
    let summary = this.#summaries.get(key)
    if (summary === undefined || track.configuration || summary.description.codec !== track.codec) {
      const description = describeTrack(track.codec, track.payload)
      if (summary === undefined) {
        summary = {
          kind,
          trackId: track.trackId,
          description,
          packetCount: 0,
          byteCount: 0,
          keyframeCount: 0,
          firstDts: dts,
          lastDts: dts,
        }
        this.#summaries.set(key, summary)
      }
      summary.description = description
    }
    if (!track.coded) return
    if (summary.packetCount === 0) summary.firstDts = dts
    summary.packetCount += 1
    summary.byteCount += track.payload.length
    if (track.keyframe) summary.keyframeCount += 1
    summary.lastDts = dts
  }
}
