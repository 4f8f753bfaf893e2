/**
 * From the audio frames of FLV to those of a transport stream: AAC gets ADTS headers (ISO/IEC 13818-7 §6.2)
 * unless it has them, Opus a control header (the draft "Opus in MPEG-TS" of the Opus wiki, which FFmpeg and
 * GStreamer follow), MP3 and AC-3 go as they are.
 *
 * @module
 */
import {
  ADTS_HEADER_BYTES,
  ADTS_MAX_PAYLOAD_BYTES,
  type AdtsConfig,
  decodeAudioSpecificConfig,
  decodeOpusHead,
  splitAdts,
  writeAdtsHeader,
} from '../codec/index.ts'
import { EMPTY_BYTES } from '../bytes/index.ts'
import {
  DESCRIPTOR_EXTENSION,
  DESCRIPTOR_REGISTRATION,
  STREAM_ID_AUDIO,
  STREAM_ID_PRIVATE_1,
  STREAM_TYPE_AAC,
  STREAM_TYPE_AC3,
  STREAM_TYPE_EAC3,
  STREAM_TYPE_MPEG1_AUDIO,
  STREAM_TYPE_MPEG2_AUDIO,
  STREAM_TYPE_PRIVATE,
} from './stream-type.ts'

/** Bytes before each frame. */
type Wrapping = 'adts' | 'opus' | 'none'

/** An audio stream as its configuration, or its first frame, describes it. */
export class AudioFormat {
  /** FourCC. */
  readonly codec: string
  /** `STREAM_TYPE_*`. */
  readonly streamType: number
  /** `STREAM_ID_*`. */
  readonly streamId: number
  /** Descriptors of the PMT entry. */
  readonly descriptors: Uint8Array
  /** Greatest frame that fits. A PES packet that is not video must have a length, which has 16 bits. */
  readonly maxFrameBytes: number
  readonly #wrapping: Wrapping
  readonly #adts: AdtsConfig

  private constructor(
    codec: string,
    streamType: number,
    streamId: number,
    descriptors: Uint8Array,
    wrapping: Wrapping,
    adts: AdtsConfig = NO_ADTS,
  ) {
    this.codec = codec
    this.streamType = streamType
    this.streamId = streamId
    this.descriptors = descriptors
    this.maxFrameBytes = wrapping === 'adts' ? ADTS_MAX_PAYLOAD_BYTES : 60_000
    this.#wrapping = wrapping
    this.#adts = adts
  }

  /**
   * From a configuration packet's payload.
   * @returns `undefined` for a codec, or a kind of AAC, that has no place in a transport stream.
   * @throws DecodeError for a damaged configuration.
   */
  static fromConfiguration(codec: string, configuration: Uint8Array): AudioFormat | undefined {
    if (codec === 'mp4a') {
      const config = decodeAudioSpecificConfig(configuration)
      // ADTS knows Main, LC, SSR and LTP, the frequencies of its table and up to 7 channel configurations.
      const fits =
        config.objectType <= 4 && config.samplingFrequencyIndex < 13 && config.channelConfiguration <= 7
      if (!fits) return undefined
      return new AudioFormat(codec, STREAM_TYPE_AAC, STREAM_ID_AUDIO, EMPTY_BYTES, 'adts', config)
    }
    if (codec === 'Opus') {
      const { channelCount, mappingFamily } = decodeOpusHead(configuration)
      if (mappingFamily > 1 || channelCount > 8) return undefined
      return new AudioFormat(
        codec,
        STREAM_TYPE_PRIVATE,
        STREAM_ID_PRIVATE_1,
        opusDescriptors(channelCount),
        'opus',
      )
    }
    return undefined
  }

  /** From a coded frame that describes itself; `undefined` for all others. */
  static fromFrame(codec: string, frame: Uint8Array): AudioFormat | undefined {
    if (codec === 'mp4a') {
      const header = splitAdts(frame)[0]?.header
      return header && new AudioFormat(codec, STREAM_TYPE_AAC, STREAM_ID_AUDIO, EMPTY_BYTES, 'adts', header)
    }
    if (codec === '.mp3')
      return new AudioFormat(codec, mp3StreamType(frame), STREAM_ID_AUDIO, EMPTY_BYTES, 'none')
    if (codec === 'ac-3') {
      return new AudioFormat(codec, STREAM_TYPE_AC3, STREAM_ID_PRIVATE_1, registration('AC-3'), 'none')
    }
    if (codec === 'ec-3') {
      return new AudioFormat(codec, STREAM_TYPE_EAC3, STREAM_ID_PRIVATE_1, registration('EAC3'), 'none')
    }
    return undefined
  }

  /** Bytes that a frame takes in the elementary stream. */
  frameBytes(payload: Uint8Array): number {
    if (this.#wrapping === 'opus') return opusControlBytes(payload.length) + payload.length
    return this.#needsAdts(payload) ? ADTS_HEADER_BYTES + payload.length : payload.length
  }

  /** Writes one frame at `offset`. @returns the offset after it. */
  writeFrame(out: Uint8Array, offset: number, payload: Uint8Array): number {
    let at = offset
    if (this.#needsAdts(payload)) at = writeAdtsHeader(out, at, this.#adts, payload.length)
    else if (this.#wrapping === 'opus') at = writeOpusControl(out, at, payload.length)
    out.set(payload, at)
    return at + payload.length
  }

  #needsAdts(payload: Uint8Array): boolean {
    return this.#wrapping === 'adts' && splitAdts(payload).length === 0
  }
}

const NO_ADTS: AdtsConfig = { objectType: 2, samplingFrequency: 48_000, channelConfiguration: 2 }

/**
 * MPEG-1 (32, 44.1 and 48 kHz) and MPEG-2 audio have stream types of their own; the version is in the frame
 * header.
 */
export function mp3StreamType(frame: Uint8Array): number {
  const sync = frame[0] === 0xff && (frame[1]! & 0xe0) === 0xe0
  const mpeg1 = ((frame[1] ?? 0) & 0x18) === 0x18 // ID: 11 MPEG-1, 10 MPEG-2, 00 MPEG-2.5
  return sync && !mpeg1 ? STREAM_TYPE_MPEG2_AUDIO : STREAM_TYPE_MPEG1_AUDIO
}

function registration(name: string): Uint8Array {
  return Uint8Array.of(DESCRIPTOR_REGISTRATION, 4, ...Array.from(name, (char) => char.charCodeAt(0)))
}

/**
 * Registration `Opus`, then extension descriptor 0x80 with channel_config_code: the channel count for up to 8
 * channels.
 */
function opusDescriptors(channelCount: number): Uint8Array {
  return Uint8Array.of(...registration('Opus'), DESCRIPTOR_EXTENSION, 2, 0x80, channelCount)
}

/**
 * opus_control_header: prefix 0x3ff 11 | start_trim 1 | end_trim 1 | extension 1 | reserved 2 | size in 255s.
 */
function opusControlBytes(payloadBytes: number): number {
  return 2 + Math.floor(payloadBytes / 255) + 1
}

function writeOpusControl(out: Uint8Array, offset: number, payloadBytes: number): number {
  out[offset] = 0x7f // control_header_prefix, upper 8 bits
  out[offset + 1] = 0xe0 // prefix, lower 3 bits | no trims, no extension
  let at = offset + 2
  let left = payloadBytes
  for (; left >= 255; left -= 255) out[at++] = 0xff
  out[at++] = left
  return at
}
