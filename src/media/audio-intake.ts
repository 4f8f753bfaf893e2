/**
 * Frames of one audio track on their way to packets.
 *
 * @module
 */
import { concatBytes, copyBytes, equalBytes } from '../bytes/index.ts'
import { configurationOfAdts, encodeOpusHead, splitAdts } from '../codec/index.ts'
import { DecodeError } from '../errors/index.ts'
import type { AccessUnit } from './access-unit.ts'
import {
  AUDIO_PACKET_TYPE_CODED_FRAMES,
  AUDIO_PACKET_TYPE_SEQUENCE_START,
  encodeAudioTagHeader,
} from './audio-tag-header.ts'
import type { FourCc } from './codecs.ts'
import type { MediaPacket } from './media-packet.ts'
import { packetFromTag, TAG_TYPE_AUDIO } from './packet-from-tag.ts'
import { UnitClock } from './unit-clock.ts'

/** Codecs whose frames mean nothing without a configuration. */
const CONFIGURED: ReadonlySet<FourCc> = new Set(['mp4a', 'Opus', 'fLaC'])

/** Samples a channel of an ADTS frame of one block. */
const ADTS_FRAME_SAMPLES = 1024

/** Opus of RTP and transport streams without a word about its channels: a decoder for two plays one as well. RFC 7587 §4.1. */
const OPUS_STEREO = encodeOpusHead({
  channelCount: 2,
  preSkip: 0,
  inputSampleRate: 48_000,
  outputGain: 0,
  mappingFamily: 0,
  mapping: undefined,
})

/** Takes the units of one audio track. */
export class AudioIntake {
  readonly codec: FourCc
  readonly #trackId: number | undefined
  readonly #clock: UnitClock
  readonly #head: Uint8Array
  #configuration: Uint8Array | undefined

  constructor(codec: FourCc, trackId: number) {
    this.codec = codec
    this.#trackId = trackId === 0 ? undefined : trackId
    this.#clock = new UnitClock()
    this.#head = this.#headOf(AUDIO_PACKET_TYPE_CODED_FRAMES)
    this.#configuration = undefined
  }

  /** Sound goes on with the next frame. */
  lose(): void {}

  /** Appends the packets of one unit. @returns `false` if it is left out. @throws DecodeError for a frame without bytes. */
  push(unit: AccessUnit, packets: MediaPacket[]): boolean {
    const time = this.#clock.next(unit.pts ?? unit.dts)
    const { data, configuration } = unit
    if (time === undefined) return false
    if (data.length === 0) throw new DecodeError('ERR_BYTES_END', `empty frame of ${this.codec}`)
    if (configuration !== undefined && configuration.length > 0) this.#configure(configuration, time, packets)
    const frames = this.codec === 'mp4a' ? splitAdts(data) : []
    if (frames.length > 0) {
      const [{ header }] = frames as [(typeof frames)[0]]
      // What was told apart says more than ADTS can, SBR for one.
      if (configuration === undefined) this.#configure(configurationOfAdts(header), time, packets)
      const frameMs = (ADTS_FRAME_SAMPLES * 1000) / header.samplingFrequency
      for (const [i, { payload }] of frames.entries())
        if (payload.length > 0) packets.push(this.#frame(payload, time + i * frameMs))
      return true
    }
    if (this.codec === 'Opus' && this.#configuration === undefined)
      this.#configure(OPUS_STEREO, time, packets)
    if (this.#configuration === undefined && CONFIGURED.has(this.codec)) return false
    packets.push(this.#frame(data, time))
    return true
  }

  #configure(configuration: Uint8Array, time: number, packets: MediaPacket[]): void {
    if (this.#configuration !== undefined && equalBytes(this.#configuration, configuration)) return
    this.#configuration = copyBytes(configuration)
    if (!CONFIGURED.has(this.codec)) return
    const head = this.#headOf(AUDIO_PACKET_TYPE_SEQUENCE_START)
    packets.push(packetFromTag(TAG_TYPE_AUDIO, Math.round(time), concatBytes([head, configuration])))
  }

  #frame(payload: Uint8Array, time: number): MediaPacket {
    return packetFromTag(TAG_TYPE_AUDIO, Math.round(time), concatBytes([this.#head, payload]))
  }

  #headOf(packetType: number): Uint8Array {
    const { codec } = this
    const trackId = this.#trackId
    if (packetType === AUDIO_PACKET_TYPE_SEQUENCE_START && !CONFIGURED.has(codec)) return this.#head
    return encodeAudioTagHeader({ codec, packetType, trackId })
  }
}
