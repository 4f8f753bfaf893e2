/**
 * Packets in, fragmented MP4 out. ISO/IEC 14496-12 §8.8, Annex A.8.
 *
 * A file is an initialization segment and any number of consecutive fragments. Wherever it ends, everything
 * written before plays.
 *
 * @module
 */
import { LimitError, MediaError } from '../errors/index.ts'
import {
  type ConfigurationSet,
  configurationPackets,
  type FourCc,
  type MediaPacket,
  type TrackPacket,
} from '../media/index.ts'
import { BoxWriter } from './box-writer.ts'
import { writeInitSegment } from './init-segment.ts'
import { type FragmentTrack, writeMovieFragment } from './movie-fragment.ts'
import { MuxerTrack } from './muxer-track.ts'

/**
 * What became of a packet. All but `written` and `ignored` say that this file cannot hold the packet, of
 * which nothing was taken: end the file, begin another with the configuration in force, and write the packet
 * to that one.
 *
 * - `written`: taken; also a configuration that is the one in force.
 * - `ignored`: nothing of it belongs into MP4: data, metadata, the end of a sequence, a codec without a
 *   place, video before its first keyframe, damage.
 * - `newTrack`: it belongs to a track that the initialization segment does not have.
 * - `changedConfiguration`: its track has another decoder configuration, codec or format now.
 * - `brokenTime`: it lies further back than `maxStepBackMs`, or so far ahead that no sample can last until
 *   then.
 */
export type Mp4WriteResult = 'written' | 'ignored' | 'newTrack' | 'changedConfiguration' | 'brokenTime'

/** How a {@link FragmentedMp4Muxer} writes. */
export interface FragmentedMp4Options {
  /** The configuration valid where the file starts. @defaultValue none: it comes with the packets */
  readonly configuration?: ConfigurationSet
  /**
   * Time in ms of the packets that is 0 in the file. Give it for segments of a live stream, such as 0: times
   * are then kept, and there is no edit list. Without it, as for a file, the earliest packet is at 0 and an
   * edit list begins with the first picture or sound.
   * @defaultValue the earliest packet
   */
  readonly originDts?: number
  /**
   * How far in ms a time of audio may be from where the frames before it end to be put exactly there: RTMP
   * rounds times to ms, which this undoes. More smooths the times of an encoder that jitters; 0 keeps every
   * time as it came.
   * @defaultValue 1
   */
  readonly audioRoundingMs?: number
  /**
   * Steps back in ms that are taken out of a track's decode times; a greater one is `brokenTime`.
   * @defaultValue 1000
   */
  readonly maxStepBackMs?: number
  /** Bytes of the packets that wait for a fragment. @defaultValue 67_108_864 (64 MiB) */
  readonly maxFragmentBytes?: number
  /**
   * Samples that wait for a fragment, however small: each takes some 200 bytes in addition to its own.
   * @defaultValue 65_536
   */
  readonly maxFragmentSamples?: number
  /** Tracks of a file. @defaultValue 32 */
  readonly maxTracks?: number
}

/** A track of the file that is written. */
export interface Mp4Track {
  /** track_ID in the file; 0 before {@link FragmentedMp4Muxer.init}. */
  readonly trackId: number
  /** Audio or video. */
  readonly kind: 'audio' | 'video'
  /** Track id in the packets; 0 is the default track. */
  readonly sourceTrackId: number
  /** Codec of the packets. */
  readonly codec: FourCc
  /** RFC 6381 codec string, as `MediaSource.isTypeSupported` takes it. */
  readonly codecString: string
  /** Ticks in a second. */
  readonly timescale: number
}

/** A fragment: `moof` and `mdat`. */
export interface Mp4Fragment {
  /** The bytes, owned by the caller. Append them in one write. */
  readonly bytes: Uint8Array
  /** Decode time of the earliest sample in ms from the start of the file's clock. */
  readonly startMs: number
  /** From there to the end of the last sample, in ms. */
  readonly durationMs: number
  /** Samples of all tracks. */
  readonly sampleCount: number
  /** Whether each video track in it begins with a keyframe. */
  readonly independent: boolean
}

/** Names kept of codecs that have no place: a peer could make up any number. */
const MAX_UNSUPPORTED = 16

/** The longest that a sample can last: its duration has 32 bits. */
const MAX_SAMPLE_TICKS = 0xffff_ffff

/** Bytes of the headers of a fragment of some seconds. */
const HEADER_CAPACITY = 16_384

/**
 * Writes every track of a stream, those of multitrack messages too: H.264, HEVC, AV1, VP8, VP9; AAC, MP3,
 * Opus, FLAC, AC-3, E-AC-3. The caller decides when a fragment is cut.
 *
 * A sample lasts until the next one of its track, so the newest of each track waits:
 * {@link FragmentedMp4Muxer.fragment} after writing a keyframe holds all that was before the keyframe.
 *
 * Times of video are exact to the ms of RTMP, and to 11 µs where ModEx has nanoseconds; those of audio are
 * exact to the sample, see `audioRoundingMs`. Priming samples of AAC, of which RTMP does not tell, are part
 * of the sound.
 */
export class FragmentedMp4Muxer {
  readonly #audioRoundingMs: number
  readonly #maxStepBackMs: number
  readonly #maxFragmentBytes: number
  readonly #maxFragmentSamples: number
  readonly #maxTracks: number
  readonly #unsupported: Set<FourCc>
  readonly #writer: BoxWriter
  #tracks: MuxerTrack[]
  #initSegment: Uint8Array | undefined
  #originDts: number | undefined
  readonly #fixedOrigin: boolean
  #sequenceNumber: number
  #pendingBytes: number
  #pendingCount: number
  #skippedCount: number
  #damagedCount: number
  #ended: boolean

  /**
   * @param options - configuration, times and bounds.
   * @throws LimitError `ERR_MP4_TRACKS` if the configuration has more than `maxTracks` tracks.
   */
  constructor(options: FragmentedMp4Options = {}) {
    this.#audioRoundingMs = options.audioRoundingMs ?? 1
    this.#maxStepBackMs = options.maxStepBackMs ?? 1000
    this.#maxFragmentBytes = options.maxFragmentBytes ?? 67_108_864
    this.#maxFragmentSamples = options.maxFragmentSamples ?? 65_536
    this.#maxTracks = options.maxTracks ?? 32
    this.#unsupported = new Set()
    this.#writer = new BoxWriter(HEADER_CAPACITY)
    this.#tracks = []
    this.#initSegment = undefined
    this.#originDts = options.originDts
    this.#fixedOrigin = options.originDts !== undefined
    this.#sequenceNumber = 0
    this.#pendingBytes = 0
    this.#pendingCount = 0
    this.#skippedCount = 0
    this.#damagedCount = 0
    this.#ended = false
    if (options.configuration !== undefined)
      for (const packet of configurationPackets(options.configuration)) this.write(packet)
  }

  /** The tracks so far, in the order of the file: video, audio, each by its id in the packets. */
  get tracks(): Mp4Track[] {
    return this.#tracks.map(({ trackId, kind, sourceTrackId, codec, codecString, format }) => {
      return { trackId, kind, sourceTrackId, codec, codecString, timescale: format.timescale }
    })
  }

  /** Bytes of the samples that wait, with those that the next fragment would leave out. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** Samples that wait, with those that the next fragment would leave out. */
  get pendingCount(): number {
    return this.#pendingCount
  }

  /**
   * Time in ms from the oldest to the newest sample that waits, of the track where that is longest: tracks
   * may be apart.
   */
  get pendingMs(): number {
    let longest = 0
    for (const { pending } of this.#tracks) {
      if (pending.length > 0) longest = Math.max(longest, pending.at(-1)!.dts - pending[0]!.dts)
    }
    return longest
  }

  /**
   * Coded frames without a place in the file: of an unsupported codec, before their configuration or first
   * keyframe.
   */
  get skippedCount(): number {
    return this.#skippedCount
  }

  /** Frames and configurations that could not be read. */
  get damagedCount(): number {
    return this.#damagedCount
  }

  /** FourCCs that came and that have no place, the first 16. */
  get unsupportedCodecs(): ReadonlySet<FourCc> {
    return this.#unsupported
  }

  /**
   * Takes one packet. Views of its body are kept until their fragment is made.
   * @throws LimitError `ERR_MP4_FRAGMENT_BYTES` if more than `maxFragmentBytes` would wait,
   * `ERR_MP4_FRAGMENT_SAMPLES` if more than `maxFragmentSamples` would, `ERR_MP4_TRACKS` beyond `maxTracks`.
   * @throws TypeError after {@link end}.
   */
  write(packet: MediaPacket): Mp4WriteResult {
    if (this.#ended) throw new TypeError('write after end')
    const { kind } = packet
    if (kind === 'data' || !(packet.coded || packet.configuration)) return 'ignored'
    if (packet.coded && this.#pendingBytes + packet.body.length > this.#maxFragmentBytes) {
      throw new LimitError(
        'ERR_MP4_FRAGMENT_BYTES',
        `${this.#pendingBytes} bytes wait and ${packet.body.length} more exceed maxFragmentBytes ${this.#maxFragmentBytes}`,
      )
    }
    const parts = packet.tracks()
    if (packet.coded && this.#pendingCount + parts.length > this.#maxFragmentSamples) {
      throw new LimitError(
        'ERR_MP4_FRAGMENT_SAMPLES',
        `${this.#pendingCount} samples wait and ${parts.length} more exceed maxFragmentSamples ${this.#maxFragmentSamples}`,
      )
    }
    for (const part of parts) {
      const obstacle = this.#obstacle(kind, part, packet.dts)
      if (obstacle !== undefined) return obstacle
    }
    let taken = false
    for (const part of parts) {
      if (part.configuration) taken = this.#configure(kind, part) || taken
      else if (part.coded) taken = this.#add(kind, part, packet) || taken
    }
    return taken ? 'written' : 'ignored'
  }

  /**
   * The initialization segment: `ftyp` and `moov`. The first call ends the time in which tracks may appear,
   * so call it as late as you can, right before the first fragment is stored; later calls give the same
   * bytes.
   * @throws TypeError if there are no tracks.
   */
  init(): Uint8Array {
    if (this.#initSegment !== undefined) return this.#initSegment
    if (this.#tracks.length === 0) throw new TypeError('no track is known')
    let firstPts = Infinity
    for (const [i, track] of this.#tracks.entries()) {
      track.trackId = i + 1
      track.completeFormat()
      firstPts = Math.min(firstPts, track.firstPts())
    }
    const origin = this.#origin()
    const startMs = this.#fixedOrigin || firstPts === Infinity ? 0 : Math.max(0, firstPts - origin!)
    this.#initSegment = writeInitSegment(this.#tracks, startMs)
    return this.#initSegment
  }

  /**
   * All samples that wait but the newest of each track; `undefined` when that is nothing. Makes the
   * {@link init} segment if that was not done.
   */
  fragment(): Mp4Fragment | undefined {
    return this.#cut(1)
  }

  /**
   * All samples that are left. The last of each track lasts as its codec says (audio) or as long as the one
   * before it. Nothing can be written after.
   */
  end(): Mp4Fragment | undefined {
    this.#ended = true
    return this.#cut(0)
  }

  /**
   * Why this file cannot hold a part of a packet; `undefined` when it can, or when the part has no place in
   * any.
   */
  #obstacle(kind: 'audio' | 'video', part: TrackPacket, dts: number): Mp4WriteResult | undefined {
    const track = this.#find(kind, part.trackId)
    if (track === undefined) {
      if (this.#initSegment === undefined || !describesTrack(part)) return undefined
      return createTrack(kind, part) instanceof MuxerTrack ? 'newTrack' : undefined
    }
    if (!track.describes(part)) {
      if (!describesTrack(part)) return undefined
      const open = this.#initSegment === undefined && track.lastDts === undefined
      return open || !(createTrack(kind, part) instanceof MuxerTrack) ? undefined : 'changedConfiguration'
    }
    if (!part.coded || track.lastDts === undefined) return undefined
    const step = dts - track.lastDts
    const maxStep = (MAX_SAMPLE_TICKS * 1000) / track.format.timescale
    return step < -this.#maxStepBackMs || step > maxStep ? 'brokenTime' : undefined
  }

  #configure(kind: 'audio' | 'video', part: TrackPacket): boolean {
    const before = this.#find(kind, part.trackId)
    if (before?.describes(part) === true) return true
    const track = createTrack(kind, part)
    if (track instanceof MuxerTrack) {
      this.#insert(track)
      return true
    }
    if (track === 'damaged') this.#damagedCount++
    else if (this.#unsupported.size < MAX_UNSUPPORTED) this.#unsupported.add(part.codec)
    return false
  }

  #add(kind: 'audio' | 'video', part: TrackPacket, packet: MediaPacket): boolean {
    let track = this.#find(kind, part.trackId)
    if ((track === undefined || track.codec !== part.codec) && describesTrack(part)) {
      if (!this.#configure(kind, part)) return false
      track = this.#find(kind, part.trackId)
    }
    if (
      track === undefined ||
      track.codec !== part.codec ||
      (track.lastDts === undefined && kind === 'video' && !part.keyframe)
    ) {
      this.#skippedCount++
      return false
    }
    const payloads = track.samplePayloads(part.payload)
    if (payloads === undefined) {
      this.#damagedCount++
      return false
    }
    let offsetMs = packet.timestampOffsetNs / 1e6
    for (const payload of payloads) {
      this.#pendingBytes += payload.length
      this.#pendingCount++
      track.add(payload, packet.dts, part.cts, offsetMs, part)
      offsetMs += track.frameMs(payload)
    }
    return true
  }

  #find(kind: 'audio' | 'video', sourceTrackId: number): MuxerTrack | undefined {
    for (const track of this.#tracks)
      if (track.kind === kind && track.sourceTrackId === sourceTrackId) return track
    return undefined
  }

  /** Puts a track into the order of the file, in place of one that has no samples yet. */
  #insert(track: MuxerTrack): void {
    const others = this.#tracks.filter(
      ({ kind, sourceTrackId }) => kind !== track.kind || sourceTrackId !== track.sourceTrackId,
    )
    if (others.length >= this.#maxTracks) {
      throw new LimitError(
        'ERR_MP4_TRACKS',
        `${others.length + 1} tracks exceed maxTracks ${this.#maxTracks}`,
      )
    }
    const rank = ({ kind, sourceTrackId }: MuxerTrack): number => (kind === 'video' ? 0 : 256) + sourceTrackId
    this.#tracks = [...others, track].toSorted((a, b) => rank(a) - rank(b))
  }

  /** The time that is 0 in the file; `undefined` as long as nothing was written. */
  #origin(): number | undefined {
    if (this.#originDts === undefined) {
      let first = Infinity
      for (const { pending } of this.#tracks) if (pending.length > 0) first = Math.min(first, pending[0]!.dts)
      if (first !== Infinity) this.#originDts = first
    }
    return this.#originDts
  }

  #cut(heldCount: 0 | 1): Mp4Fragment | undefined {
    const origin = this.#origin()
    const cut = this.#tracks.filter(({ pending }) => pending.length > heldCount)
    if (origin === undefined || cut.length === 0) return undefined
    this.init()
    let startMs = Infinity
    let endMs = 0
    let sampleCount = 0
    let independent = true
    const parts: FragmentTrack[] = []
    for (const track of cut) {
      track.time(origin, this.#audioRoundingMs)
      const { pending, trackId } = track
      const { timescale } = track.format
      const count = pending.length - heldCount
      const durations = track.durations(count)
      const samples = pending.slice(0, count)
      track.pending = pending.slice(count)
      const offsets = samples.map(({ cts }) => Math.round((cts * timescale) / 1000))
      parts.push({ trackId, samples, durations, offsets })
      startMs = Math.min(startMs, (samples[0]!.ticks * 1000) / timescale)
      endMs = Math.max(endMs, ((samples.at(-1)!.ticks + durations.at(-1)!) * 1000) / timescale)
      sampleCount += count
      independent &&= samples[0]!.keyframe
    }
    this.#pendingCount -= sampleCount
    const bytes = this.#fragmentBytes(parts)
    return { bytes, startMs, durationMs: endMs - startMs, sampleCount, independent }
  }

  #fragmentBytes(parts: readonly FragmentTrack[]): Uint8Array {
    this.#writer.reset()
    this.#sequenceNumber += 1
    writeMovieFragment(this.#writer, this.#sequenceNumber, parts)
    let mediaBytes = 0
    for (const { samples } of parts) for (const { payload } of samples) mediaBytes += payload.length
    const bytes = new Uint8Array(this.#writer.length + mediaBytes)
    bytes.set(this.#writer.view())
    let at = this.#writer.length
    for (const { samples } of parts) {
      for (const { payload } of samples) {
        bytes.set(payload, at)
        at += payload.length
      }
    }
    this.#pendingBytes -= mediaBytes
    return bytes
  }
}

/** Whether a part of a packet can make a track: a configuration, or a frame that describes itself. */
function describesTrack(part: TrackPacket): boolean {
  return part.configuration || MuxerTrack.configurationIn(part) !== undefined
}

/** A track for a part of a packet, or the reason against it. */
function createTrack(kind: 'audio' | 'video', part: TrackPacket): MuxerTrack | 'damaged' | 'unsupported' {
  try {
    return MuxerTrack.create(kind, part) ?? 'unsupported'
  } catch (error) {
    if (error instanceof MediaError) return 'damaged'
    throw error
  }
}
