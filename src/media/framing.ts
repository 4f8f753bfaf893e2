/**
 * How packets become bytes that are the same for every viewer.
 *
 * @module
 */
import type { MediaPacket } from './media-packet.ts'

/**
 * What a decoder must know before the first coded frame, as it was at one place of a stream. Never changed
 * after it is made.
 */
export interface ConfigurationSet {
  /** The `onMetaData` packet, if one came. */
  readonly metadata: MediaPacket | undefined
  /** Audio configurations in order of track. */
  readonly audio: readonly MediaPacket[]
  /** Video configurations in order of track. */
  readonly video: readonly MediaPacket[]
  /**
   * What else describes the tracks without being a decoder configuration: HDR `colorInfo`, multichannel
   * layouts. In order of track.
   */
  readonly supplements?: readonly MediaPacket[]
}

/** No configuration. */
export const EMPTY_CONFIGURATION: ConfigurationSet = { metadata: undefined, audio: [], video: [] }

/**
 * The packets of a set in the order in which a joining viewer gets them: metadata, audio, video, supplements.
 */
export function configurationPackets(configuration: ConfigurationSet): MediaPacket[] {
  const packets: MediaPacket[] = []
  if (configuration.metadata !== undefined) packets.push(configuration.metadata)
  packets.push(...configuration.audio, ...configuration.video, ...(configuration.supplements ?? []))
  return packets
}

/**
 * The time that a packet has in RTMP and FLV that is sent at `dts`: metadata has none. FFmpeg takes an
 * `onMetaData` whose time is not 0 for a subtitle stream. test/quirks/ffmpeg-late-metadata
 */
export function framedDts(packet: MediaPacket, dts: number): number {
  return packet.kind === 'data' && packet.configuration ? 0 : dts
}

/** Turns packets into wire bytes that are identical for every viewer of one view. */
export interface Framing {
  /**
   * What a new viewer gets before its first packet: container header if any, then metadata, audio and video
   * configuration, stamped with `dts`.
   */
  join(configuration: ConfigurationSet, dts: number): Uint8Array
  /**
   * One contiguous batch, freshly made and never changed after. Empty when nothing of `packets` has a form on
   * this wire.
   */
  frame(packets: readonly MediaPacket[]): Uint8Array
}

/**
 * Which tracks a view carries: all of them, the default track of each kind, or only the default audio or
 * video track (with data).
 */
export type TrackFilter = 'all' | 'default' | 'audio' | 'video'

/** A wire format that views of a source can have. */
export interface ViewFormat {
  /** Short name for logs and statistics, such as `flv`. */
  readonly name: string
  /** A framing of its own for one view. */
  create(): Framing
}
