/**
 * What a muxer knows of its streams, and what it had to leave out.
 *
 * @module
 */
import { inBandConfiguration, splitAdts } from '../codec/index.ts'
import { MediaError } from '../errors/index.ts'
import type { ConfigurationSet, FourCc, MediaPacket } from '../media/index.ts'
import { AudioFormat, mp3StreamType } from './audio-elementary.ts'
import { VideoFormat } from './video-elementary.ts'

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

  constructor() {
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
      if (video) this.video = videoFormatOf(packet.codec, packet.payload)
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
    return record && videoFormatOf(codec, record)
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

/** The streams of someone who starts where `configuration` is in force, while `running` goes on. */
export function tracksAt(
  configuration: ConfigurationSet,
  running: MuxerTracks,
): { readonly video: VideoFormat | undefined; readonly audio: AudioFormat | undefined } {
  // A kind that the configuration says nothing of is what is running: MP3 and AC-3 have no configuration.
  const { video, audio } = configuration
  return {
    video:
      video.length === 0
        ? running.video
        : firstOf(video, ({ codec, payload }) => videoFormatOf(codec, payload)),
    audio: audio.length === 0 ? running.audio : firstOf(audio, audioFormatOf),
  }
}

/** Audio codecs whose frames say all that the tables need. */
const SELF_DESCRIBING: ReadonlySet<FourCc> = new Set(['.mp3', 'ac-3', 'ec-3'])

/** Whether an audio packet says all that the tables need. */
function describesItself({ codec, payload }: MediaPacket): boolean {
  return SELF_DESCRIBING.has(codec) || (codec === 'mp4a' && splitAdts(payload).length > 0)
}

function videoFormatOf(codec: FourCc, configuration: Uint8Array): VideoFormat | undefined {
  if (codec === 'avc1') return VideoFormat.fromAvc(configuration)
  if (codec === 'hvc1') return VideoFormat.fromHevc(configuration)
  return undefined
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
