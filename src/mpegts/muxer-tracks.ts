/**
 * What a muxer knows of its streams, and what it had to leave out.
 *
 * @module
 */
import { inBandConfiguration, splitAdts } from '../codec/index.ts'
import { MediaError } from '../errors/index.ts'
import { type ConfigurationSet, type FourCc, type MediaPacket, VideoFormat } from '../media/index.ts'
import { AudioFormat, mp3StreamType } from './audio-elementary.ts'

/** Names kept of codecs that have no place: a peer could make up any number. */
const MAX_UNSUPPORTED = 16

/** The default video and audio track of a stream, as their configuration, or their frames, describe them. */
export class MuxerTracks {
  /** Video, if any is configured. */
  video: VideoFormat | undefined
  /** Audio, if any is known. */
  audio: AudioFormat | undefined
  /** Coded packets without a place in the output. */
  skippedCount: number
  /** Packets that were damaged. */
  damagedCount: number
  readonly #unsupported: Set<FourCc>
  readonly #silentMs: number
  #videoSeen: boolean
  #audioSeen: boolean
  #aloneSinceDts: number | undefined
  #isOneSilent: boolean

  /**
   * @param silentMs - a track of which no frame has come while the other went on for so long is not
   *   announced.
   */
  constructor(silentMs: number) {
    this.#silentMs = silentMs
    this.#videoSeen = false
    this.#audioSeen = false
    this.#aloneSinceDts = undefined
    this.#isOneSilent = false
    this.video = undefined
    this.audio = undefined
    this.skippedCount = 0
    this.damagedCount = 0
    this.#unsupported = new Set()
  }

  /** Codecs that have no place. */
  get unsupported(): ReadonlySet<FourCc> {
    return this.#unsupported
  }

  /** The video that tables name: configured, and not silent while audio continues. */
  get announcedVideo(): VideoFormat | undefined {
    return this.isSilent('video') ? undefined : this.video
  }

  /** The audio that tables name: known, and not silent while video continues. */
  get announcedAudio(): AudioFormat | undefined {
    return this.isSilent('audio') ? undefined : this.audio
  }

  /** Whether the other track continues without this one, of which no frame has arrived. */
  isSilent(kind: 'video' | 'audio'): boolean {
    return this.#isOneSilent && !(kind === 'video' ? this.#videoSeen : this.#audioSeen)
  }

  /** A frame is carried. @returns whether other tracks are announced now. */
  noteFrame(kind: 'video' | 'audio', dts: number): boolean {
    const isFirst = kind === 'video' ? !this.#videoSeen : !this.#audioSeen
    if (kind === 'video') this.#videoSeen = true
    else this.#audioSeen = true
    if (this.#videoSeen && this.#audioSeen) {
      this.#isOneSilent = false
      return isFirst
    }
    this.#aloneSinceDts ??= dts
    if (this.#isOneSilent || dts - this.#aloneSinceDts < this.#silentMs) return false
    this.#isOneSilent = true
    return true
  }

  /** Whether a coded packet has a place as things stand. */
  carries(packet: MediaPacket): boolean {
    if (packet.kind === 'video')
      return this.video?.codec === packet.codec || this.newVideoOf(packet) !== undefined
    if (packet.kind === 'data') return false
    return this.audio?.codec === packet.codec || describesItself(packet)
  }

  /** Takes a configuration packet of one track. One that is damaged changes nothing. */
  configure(packet: MediaPacket): void {
    try {
      const video = packet.kind === 'video'
      if (video) this.video = VideoFormat.of(packet.codec, packet.payload)
      else this.audio = audioFormatOf(packet)
      if ((video ? this.video : this.audio) === undefined) this.#note(packet.codec)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      this.damagedCount++
    }
  }

  /** The format of a keyframe that brings its parameter sets, when no configuration has come. */
  newVideoOf(packet: MediaPacket): VideoFormat | undefined {
    const { codec, keyframe, payload } = packet
    if (!keyframe || this.video?.codec === codec) return undefined
    const record = inBandConfiguration(codec, payload)
    return record && VideoFormat.of(codec, record)
  }

  /** The format of a coded audio packet that needs no configuration, when it is not the one in force. */
  newAudioOf(packet: MediaPacket): AudioFormat | undefined {
    if (!describesItself(packet)) return undefined
    const now = this.audio
    const same =
      now !== undefined &&
      now.codec === packet.codec &&
      (packet.codec !== '.mp3' || now.streamType === mp3StreamType(packet.payload))
    return same ? undefined : AudioFormat.fromFrame(packet.codec, packet.payload)
  }

  /** Counts a coded packet that is left out. */
  skip(packet: MediaPacket): void {
    this.skippedCount++
    const { codec } = packet
    const carried =
      packet.kind === 'video'
        ? codec === 'avc1' || codec === 'hvc1'
        : codec === 'mp4a' || codec === 'Opus' || SELF_DESCRIBING.has(codec)
    if (!carried) this.#note(codec)
  }

  #note(codec: FourCc): void {
    if (this.#unsupported.size < MAX_UNSUPPORTED) this.#unsupported.add(codec)
  }
}

/** The streams for a player that starts where `configuration` is valid, while `running` continues. */
export function tracksAt(
  configuration: ConfigurationSet,
  running: MuxerTracks,
): { readonly video: VideoFormat | undefined; readonly audio: AudioFormat | undefined } {
  // A kind that the configuration says nothing of is what is running: MP3 and AC-3 have no configuration.
  const { video, audio } = configuration
  const videoAt =
    video.length === 0
      ? running.video
      : firstOf(video, ({ codec, payload }) => VideoFormat.of(codec, payload))
  const audioAt = audio.length === 0 ? running.audio : firstOf(audio, audioFormatOf)
  return {
    video: running.isSilent('video') ? undefined : videoAt,
    audio: running.isSilent('audio') ? undefined : audioAt,
  }
}

/** Audio codecs whose frames say all that the tables need. */
const SELF_DESCRIBING: ReadonlySet<FourCc> = new Set(['.mp3', 'ac-3', 'ec-3'])

/** Whether an audio packet says all that the tables need. */
function describesItself({ codec, payload }: MediaPacket): boolean {
  return SELF_DESCRIBING.has(codec) || (codec === 'mp4a' && splitAdts(payload).length > 0)
}

function audioFormatOf(packet: MediaPacket): AudioFormat | undefined {
  return AudioFormat.fromConfiguration(packet.codec, packet.payload)
}

/** The format of the default track; `undefined` without one or when its configuration is damaged. */
function firstOf<T>(
  packets: readonly MediaPacket[],
  read: (packet: MediaPacket) => T | undefined,
): T | undefined {
  for (const packet of packets) {
    const single = packet.defaultTrack()
    if (single === undefined || !single.configuration) continue
    try {
      return read(single)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
    }
  }
  return undefined
}
