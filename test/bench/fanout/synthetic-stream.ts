/**
 * A live stream out of nothing: 25 H.264 frames a second with a keyframe every 2 s, AAC at 44100 Hz, filler payload at the
 * wanted bitrate. Every video frame carries a time and a number in an SEI NAL unit, so that a player can tell delay and loss.
 */
import { type MediaPacket, packetFromTag, TAG_TYPE_AUDIO, TAG_TYPE_VIDEO } from 'millrace/media'

const GOP_FRAMES = 50
/** 25 frames a second. */
const FRAME_MS = 40
/** Length of a GOP. */
export const GOP_MS = GOP_FRAMES * FRAME_MS
/** 1024 samples at 44100 Hz. */
const AUDIO_MS = (1024 / 44_100) * 1000
/** With the two bytes of the tag header: 129 kbit/s. */
const AUDIO_BYTES = 375
/** A keyframe is as large as so many inter frames. */
const KEYFRAME_WEIGHT = 8

/** The AVC sequence header: an avcC with SPS and PPS as x264 writes them for 1280x720, High, level 3.1. */
const AVC_SEQUENCE_HEADER = Buffer.from(
  '1700000000' + // keyframe and AVC, sequence header, composition time 0
    '0164001fff' + // version 1, profile, compatibility, level, NAL lengths of 4 bytes
    'e1001a6764001facd9405005bb011000000300100000030320f1831960' + // one SPS of 26 bytes
    '01000668ebe3cb22c0', // one PPS of 6 bytes
  'hex',
)
/** The AAC sequence header: AAC-LC, 44100 Hz, stereo. */
const AAC_SEQUENCE_HEADER = Buffer.from('af001210', 'hex')

/** H.264 §D.1.6: user data unregistered, with an UUID of this benchmark. */
const SEI = Buffer.concat([
  Buffer.from('00000030', 'hex'), // NAL unit of 48 bytes
  Buffer.from('06052c', 'hex'), // SEI, user data unregistered, 44 bytes
  Buffer.from('6d696c6c7261636566616e6f75743031', 'hex'),
  Buffer.alloc(28, '0'), // time in µs and number of the frame, as hexadecimal text
  Buffer.from('80', 'hex'), // rbsp_trailing_bits
])
const TAG_HEADER_BYTES = 5
const TIME_AT = TAG_HEADER_BYTES + 4 + 3 + 16
const TIME_CHARACTERS = 16
const NUMBER_AT = TIME_AT + TIME_CHARACTERS
const NUMBER_CHARACTERS = 12

/** Microseconds on a clock that all processes of a machine share. */
export function machineMicros(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

/** What a video frame says of itself. */
export interface FrameStamp {
  /** When it was handed to the publisher's socket, {@link machineMicros}. */
  readonly sentMicros: number
  /** 0, 1, 2 … */
  readonly number: number
}

/** Reads the stamp of an AVC frame of {@link SyntheticStream}. */
export function readStamp(body: Uint8Array): FrameStamp {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return {
    sentMicros: Number.parseInt(text.toString('latin1', TIME_AT, NUMBER_AT), 16),
    number: Number.parseInt(text.toString('latin1', NUMBER_AT, NUMBER_AT + NUMBER_CHARACTERS), 16),
  }
}

/** Makes the packets of one publisher, in order of time. */
export class SyntheticStream {
  readonly #keyframe: Buffer
  readonly #interFrame: Buffer
  readonly #audio: Buffer
  #frames: number
  #audioFrames: number

  /** @param kbps - of all bodies together, at least 200. */
  constructor(kbps: number) {
    const audioBytesPerSecond = (AUDIO_BYTES * 1000) / AUDIO_MS
    const gopBytes = ((kbps * 1000) / 8 - audioBytesPerSecond) * (GOP_MS / 1000)
    const interBytes = Math.round(gopBytes / (GOP_FRAMES - 1 + KEYFRAME_WEIGHT))
    this.#keyframe = videoFrame(0x17, 0x65, interBytes * KEYFRAME_WEIGHT)
    this.#interFrame = videoFrame(0x27, 0x41, interBytes)
    this.#audio = Buffer.alloc(AUDIO_BYTES, 0x21)
    this.#audio.set([0xaf, 0x01]) // AAC at 44100 Hz, raw
    this.#frames = 0
    this.#audioFrames = 0
  }

  /** The sequence headers. */
  configuration(): MediaPacket[] {
    return [
      packetFromTag(TAG_TYPE_VIDEO, 0, AVC_SEQUENCE_HEADER),
      packetFromTag(TAG_TYPE_AUDIO, 0, AAC_SEQUENCE_HEADER),
    ]
  }

  /** When the next packet is due, ms from the start of the stream. */
  get nextMs(): number {
    return Math.min(this.#frames * FRAME_MS, this.#audioFrames * AUDIO_MS)
  }

  /** The next packet, stamped with the present time. */
  next(): MediaPacket {
    const videoMs = this.#frames * FRAME_MS
    const audioMs = this.#audioFrames * AUDIO_MS
    if (audioMs < videoMs) {
      this.#audioFrames++
      return packetFromTag(TAG_TYPE_AUDIO, Math.round(audioMs), this.#audio)
    }
    const number = this.#frames++
    const body = number % GOP_FRAMES === 0 ? this.#keyframe : this.#interFrame
    body.write(hexadecimal(machineMicros(), TIME_CHARACTERS), TIME_AT, 'latin1')
    body.write(hexadecimal(number, NUMBER_CHARACTERS), NUMBER_AT, 'latin1')
    return packetFromTag(TAG_TYPE_VIDEO, videoMs, Uint8Array.from(body))
  }
}

function videoFrame(tagHeader: number, nalHeader: number, length: number): Buffer {
  const body = Buffer.alloc(Math.max(length, TAG_HEADER_BYTES + SEI.length + 5), 0x55)
  body.set([tagHeader, 0x01, 0, 0, 0]) // NAL units, composition time 0
  body.set(SEI, TAG_HEADER_BYTES)
  const at = TAG_HEADER_BYTES + SEI.length
  body.writeUInt32BE(body.length - at - 4, at)
  body[at + 4] = nalHeader
  return body
}

function hexadecimal(value: number, characters: number): string {
  return value.toString(16).padStart(characters, '0')
}
