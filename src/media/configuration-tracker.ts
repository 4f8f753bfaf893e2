/**
 * The current configuration, per kind and track: what the hub, recorders and muxers give to players that join
 * late.
 *
 * @module
 */
import { concatBytes, copyBytes, equalBytes } from '../bytes/index.ts'
import { LimitError } from '../errors/index.ts'
import { AUDIO_PACKET_TYPE_MULTICHANNEL_CONFIG, encodeAudioTagHeader } from './audio-tag-header.ts'
import { type ConfigurationSet, EMPTY_CONFIGURATION } from './framing.ts'
import type { MediaPacket } from './media-packet.ts'
import { packetFromTag } from './packet-from-tag.ts'
import type { TrackPacket } from './track-packet.ts'
import { encodeVideoTagHeader, VIDEO_PACKET_TYPE_METADATA } from './video-tag-header.ts'

/** Bounds of a {@link ConfigurationTracker}. */
export interface ConfigurationTrackerOptions {
  /** Tracks of one kind whose configuration is kept. @defaultValue 32 */
  readonly maxTracks?: number
  /** Bytes kept of all configuration together. @defaultValue 1048576 */
  readonly maxBytes?: number
}

type Slots = Map<number, MediaPacket>

/**
 * Takes every packet of a stream and keeps the newest metadata and the newest configuration of each track.
 * What it keeps are exact copies, so that no message slab lives on because of 50 bytes.
 */
export class ConfigurationTracker {
  readonly #maxTracks: number
  readonly #maxBytes: number
  #bytes: number
  #set: ConfigurationSet
  #metadata: MediaPacket | undefined
  readonly #audio: Slots
  readonly #video: Slots
  readonly #audioSupplements: Slots
  readonly #videoSupplements: Slots

  /** @param options - bounds. */
  constructor(options: ConfigurationTrackerOptions = {}) {
    this.#maxTracks = options.maxTracks ?? 32
    this.#maxBytes = options.maxBytes ?? 1_048_576
    this.#bytes = 0
    this.#set = EMPTY_CONFIGURATION
    this.#metadata = undefined
    this.#audio = new Map()
    this.#video = new Map()
    this.#audioSupplements = new Map()
    this.#videoSupplements = new Map()
  }

  /**
   * The configuration now. Never changed after it was given out: a new object takes its place when something
   * differs.
   */
  get set(): ConfigurationSet {
    return this.#set
  }

  /**
   * Takes one packet. Cheap for coded frames. A multitrack message of several tracks is kept as one packet
   * per track.
   * @returns whether {@link set} is another object now; `false` for a sequence header that repeats the one in
   *   force.
   * @throws LimitError `ERR_CONFIGURATION_TRACKS` beyond `maxTracks`, `ERR_CONFIGURATION_BYTES` beyond
   * `maxBytes`; what was kept before stays.
   */
  push(packet: MediaPacket): boolean {
    if (packet.kind === 'data') {
      if (!packet.configuration) return false
      const kept = this.#replacement(this.#metadata, packet, packet.body)
      if (kept === undefined) return false
      this.#metadata = kept
    } else {
      if (packet.coded && !packet.configuration) return false
      if (!this.#pushTracks(packet, packet.kind)) return false
    }
    this.#set = {
      metadata: this.#metadata,
      audio: inOrder(this.#audio),
      video: inOrder(this.#video),
      supplements: [...inOrder(this.#audioSupplements), ...inOrder(this.#videoSupplements)],
    }
    return true
  }

  /** Forgets everything: another publisher begins. */
  clear(): void {
    this.#bytes = 0
    this.#set = EMPTY_CONFIGURATION
    this.#metadata = undefined
    this.#audio.clear()
    this.#video.clear()
    this.#audioSupplements.clear()
    this.#videoSupplements.clear()
  }

  #pushTracks(packet: MediaPacket, kind: 'audio' | 'video'): boolean {
    const tracks = packet.tracks()
    let changed = false
    for (const track of tracks) {
      const slots = this.#slotsOf(kind, track)
      if (slots === undefined) continue
      const before = slots.get(track.trackId)
      if (before === undefined && slots.size >= this.#maxTracks) {
        throw new LimitError(
          'ERR_CONFIGURATION_TRACKS',
          `configuration of ${kind} track ${track.trackId} exceeds maxTracks ${this.#maxTracks}`,
        )
      }
      const body = tracks.length === 1 ? packet.body : oneTrackBody(kind, track)
      const kept = this.#replacement(before, packet, body)
      if (kept === undefined) continue
      slots.set(track.trackId, kept)
      changed = true
    }
    return changed
  }

  #slotsOf(kind: 'audio' | 'video', track: TrackPacket): Slots | undefined {
    if (track.configuration) return kind === 'audio' ? this.#audio : this.#video
    if (track.payload.length === 0) return undefined
    if (kind === 'audio')
      return track.packetType === AUDIO_PACKET_TYPE_MULTICHANNEL_CONFIG ? this.#audioSupplements : undefined
    return track.packetType === VIDEO_PACKET_TYPE_METADATA ? this.#videoSupplements : undefined
  }

  /** A copy of `body` as a packet to keep in place of `before`, or `undefined` when it says the same. */
  #replacement(
    before: MediaPacket | undefined,
    packet: MediaPacket,
    body: Uint8Array,
  ): MediaPacket | undefined {
    if (before !== undefined && equalBytes(before.body, body)) return undefined
    const bytes = this.#bytes - (before?.body.length ?? 0) + body.length
    if (bytes > this.#maxBytes) {
      throw new LimitError(
        'ERR_CONFIGURATION_BYTES',
        `${bytes} bytes of configuration exceed maxBytes ${this.#maxBytes}`,
      )
    }
    this.#bytes = bytes
    const tagType = packet.kind === 'audio' ? 8 : packet.kind === 'video' ? 9 : 18
    return packetFromTag(tagType, packet.dts, copyBytes(body))
  }
}

/** One track of a ManyTracks message as a OneTrack message. */
function oneTrackBody(kind: 'audio' | 'video', track: TrackPacket): Uint8Array {
  const { codec, packetType, frameType, cts, trackId } = track
  const head =
    kind === 'video'
      ? encodeVideoTagHeader({ codec, packetType, frameType, cts, trackId })
      : encodeAudioTagHeader({ codec, packetType, trackId })
  return concatBytes([head, track.payload])
}

function inOrder(slots: Slots): readonly MediaPacket[] {
  return Array.from(slots)
    .toSorted((a, b) => a[0] - b[0])
    .map(([, packet]) => packet)
}
