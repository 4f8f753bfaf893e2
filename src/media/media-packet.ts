/**
 * One FLV tag's worth of media, the thing that flows through everything: parsed once at the publisher's edge,
 * then only referred to.
 *
 * @module
 */
import { concatBytes, EMPTY_BYTES } from '../bytes/index.ts'
import { encodeAudioTagHeader } from './audio-tag-header.ts'
import { type FourCc, isKnownCodec, SOUND_FORMAT_EX_HEADER } from './codecs.ts'
import { type PacketKind, readTracks, type TrackPacket } from './track-packet.ts'
import { encodeVideoTagHeader } from './video-tag-header.ts'

/** Media or data of one moment: an FLV tag, an RTMP message. Immutable. Made by {@link packetFromTag}. */
export class MediaPacket {
  /** Audio, video, or data (AMF0: `onMetaData`, cue points, text). */
  readonly kind: PacketKind
  /** Decode time in integer ms on the stream's clock, unwrapped: it continues past 2³². */
  readonly dts: number
  /** pts − dts in ms, signed; of the default track. */
  readonly cts: number
  /**
   * Codec of the default track; `''` if there is none (data, command frames, no default track in the body).
   */
  readonly codec: FourCc
  /**
   * Whether the default track has a coded video frame to start at. `false` for sequence headers, whatever
   * their frame type says.
   */
  readonly keyframe: boolean
  /** Whether any track has a decoder configuration that is not empty, or the packet is `onMetaData`. */
  readonly configuration: boolean
  /** Whether the default track's sequence ends here. */
  readonly endOfSequence: boolean
  /** Whether it is an inter frame that no other frame needs (frame type 3). */
  readonly disposable: boolean
  /** Whether the body is in one of the multitrack forms of Enhanced RTMP v2. */
  readonly multitrack: boolean
  /**
   * Whether any track has coded media: not configuration, metadata, a command, an end of sequence or nothing
   * at all.
   */
  readonly coded: boolean
  /**
   * Nanoseconds to add to the presentation time (Enhanced RTMP ModEx), 0 to 999,999. Rides in `body`; most
   * readers ignore it.
   */
  readonly timestampOffsetNs: number
  /**
   * The FLV tag body as it arrived, headers included. Shared by all who read the packet: never write to it.
   */
  readonly body: Uint8Array
  /** Offset of the payload in `body`; in a multitrack body, of the first track. 0 for data. */
  readonly payloadOffset: number
  #tracks: readonly TrackPacket[] | undefined
  #default: MediaPacket | undefined

  /**
   * For packets whose facts are known already; {@link packetFromTag} reads them from a tag body.
   * @param fields - every public field. `body` is kept, not copied.
   */
  constructor(fields: MediaPacketFields) {
    this.kind = fields.kind
    this.dts = fields.dts
    this.cts = fields.cts
    this.codec = fields.codec
    this.keyframe = fields.keyframe
    this.configuration = fields.configuration
    this.endOfSequence = fields.endOfSequence
    this.disposable = fields.disposable
    this.multitrack = fields.multitrack
    this.coded = fields.coded
    this.timestampOffsetNs = fields.timestampOffsetNs
    this.body = fields.body
    this.payloadOffset = fields.payloadOffset
    this.#tracks = undefined
    this.#default = undefined
  }

  /** Presentation time in ms: `dts + cts`. */
  get pts(): number {
    return this.dts + this.cts
  }

  /**
   * The default track's payload, without headers and composition time; empty if the body has no default
   * track. The whole body for data. A view: do not write to it.
   */
  get payload(): Uint8Array {
    if (!this.multitrack) return this.payloadOffset === 0 ? this.body : this.body.subarray(this.payloadOffset)
    return defaultOf(this.tracks())?.payload ?? EMPTY_BYTES
  }

  /**
   * The tracks of the body, parsed at the first call. A body of one track yields one entry with trackId 0.
   * Damaged entries at the end of a multitrack body are omitted.
   */
  tracks(): readonly TrackPacket[] {
    return (this.#tracks ??= readTracks(this.kind, this.body))
  }

  /**
   * This packet with only the default track, for peers without multitrack: the packet itself if it has one
   * track, `undefined` when its body has no track 0. AVC, AAC and MP3 come out in the legacy form as far as
   * there is one, because every player reads it. The same object on every call.
   */
  defaultTrack(): MediaPacket | undefined {
    if (!this.multitrack) return this
    if (this.#default === undefined) {
      const track = defaultOf(this.tracks())
      if (track === undefined) return undefined
      this.#default = singleTrack(this, track)
    }
    return this.#default
  }

  /**
   * The default track for peers from before Enhanced RTMP: AVC, AAC and MP3 are returned in the legacy form;
   * codecs without one are returned unchanged. The packet itself when it is legacy already, `undefined` when
   * its body has no track 0. The same object on every call.
   */
  legacyTrack(): MediaPacket | undefined {
    if (this.multitrack || !isEnhanced(this)) return this.defaultTrack()
    if (this.#default === undefined) {
      const track = defaultOf(this.tracks())
      this.#default = track !== undefined && LEGACY_CODECS.has(track.codec) ? singleTrack(this, track) : this
    }
    return this.#default
  }

  /**
   * This packet with only one track, as {@link MediaPacket.defaultTrack} returns track 0; `undefined` when
   * its body has no such track.
   */
  track(trackId: number): MediaPacket | undefined {
    if (trackId === 0) return this.defaultTrack()
    if (!this.multitrack) return undefined
    const track = this.tracks().find((one) => one.trackId === trackId)
    return track === undefined ? undefined : singleTrack(this, track)
  }

  /** The same media at another `dts`; the packet itself if that is its `dts` already. */
  withDts(dts: number): MediaPacket {
    if (dts === this.dts) return this
    const moved = new MediaPacket({
      kind: this.kind,
      dts,
      cts: this.cts,
      codec: this.codec,
      keyframe: this.keyframe,
      configuration: this.configuration,
      endOfSequence: this.endOfSequence,
      disposable: this.disposable,
      multitrack: this.multitrack,
      coded: this.coded,
      timestampOffsetNs: this.timestampOffsetNs,
      body: this.body,
      payloadOffset: this.payloadOffset,
    })
    moved.#tracks = this.#tracks
    return moved
  }
}

/** The public fields of a {@link MediaPacket}, as its constructor takes them. */
export type MediaPacketFields = Pick<
  MediaPacket,
  | 'kind'
  | 'dts'
  | 'cts'
  | 'codec'
  | 'keyframe'
  | 'configuration'
  | 'endOfSequence'
  | 'disposable'
  | 'multitrack'
  | 'coded'
  | 'timestampOffsetNs'
  | 'body'
  | 'payloadOffset'
>

/** Codecs of Enhanced RTMP that legacy FLV has as well. */
const LEGACY_CODECS: ReadonlySet<FourCc> = new Set(['avc1', 'mp4a', '.mp3'])

/** Whether the body has a header of Enhanced RTMP: the first bit of a video tag, or sound format 9. */
function isEnhanced({ kind, body }: MediaPacket): boolean {
  const first = body[0] ?? 0
  return kind === 'video' ? (first & 0x80) !== 0 : kind === 'audio' && first >> 4 === SOUND_FORMAT_EX_HEADER
}

function defaultOf(tracks: readonly TrackPacket[]): TrackPacket | undefined {
  for (const track of tracks) if (track.trackId === 0) return track
  return undefined
}

function singleTrack(packet: MediaPacket, track: TrackPacket): MediaPacket {
  const { codec, packetType, frameType, cts } = track
  // A fourCC of a peer may read like a name that only legacy FLV has: it stays what it was.
  const enhanced = isKnownCodec(packet.kind === 'video' ? 'video' : 'audio', codec) ? undefined : true
  const head =
    packet.kind === 'video'
      ? encodeVideoTagHeader({ codec, packetType, frameType, cts, enhanced })
      : encodeAudioTagHeader({ codec, packetType, enhanced })
  return new MediaPacket({
    kind: packet.kind,
    dts: packet.dts,
    cts,
    codec,
    keyframe: track.keyframe,
    configuration: track.configuration,
    endOfSequence: track.endOfSequence,
    disposable: packet.disposable,
    multitrack: false,
    coded: track.coded,
    timestampOffsetNs: 0,
    body: concatBytes([head, track.payload]),
    payloadOffset: head.length,
  })
}
