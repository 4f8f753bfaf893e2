/**
 * AAC as MP4A-LATM, its configuration apart (cpresent=0). RFC 6416 §5 and §7; LATM in ISO/IEC 14496-3 §1.7.3.
 *
 * Payload of a frame, or of as many as StreamMuxConfig says: length in 255s 8 × n, frame | …; over several packets, the last with the marker.
 *
 * @module
 */
import { BitReader } from '../bytes/index.ts'
import { decodeAudioSpecificConfig, encodeAudioSpecificConfig } from '../codec/index.ts'
import { DecodeError } from '../errors/index.ts'
import {
  DEFAULT_MAX_FRAME_BYTES,
  type Depacketizer,
  type DepacketizerOptions,
  type RtpFrame,
} from './depacketizer.ts'
import type { Packetizer, RtpPayload } from './packetizer.ts'
import type { RtpPacket } from './rtp-packet.ts'
import { UnitAssembly } from './unit-assembly.ts'
import { concatBytes } from '../bytes/index.ts'

/** What StreamMuxConfig says of a stream of one program and one layer. */
export interface StreamMuxConfig {
  /** Frames of one payload, 1 to 64. */
  readonly frameCount: number
  /** AudioSpecificConfig. */
  readonly configuration: Uint8Array
  /** Samples of one frame. */
  readonly frameSamples: number
}

/**
 * Reads a StreamMuxConfig, which SDP has in hexadecimal.
 * @throws {@link DecodeError} `ERR_BYTES_END` if it is cut, `ERR_RTP_PAYLOAD` for more than one program or layer, or a kind of AAC whose
 * configuration cannot be written.
 */
export function decodeStreamMuxConfig(bytes: Uint8Array): StreamMuxConfig {
  const reader = new BitReader(bytes)
  const version = reader.flag() // audioMuxVersion
  if (version && reader.flag()) throw new DecodeError('ERR_RTP_PAYLOAD', 'audioMuxVersionA 1')
  if (version) latmValue(reader) // taraBufferFullness
  reader.skip(1) // allStreamsSameTimeFraming
  const frameCount = 1 + reader.bits(6) // numSubFrames
  const programs = reader.bits(4) // numProgram
  const layers = reader.bits(3) // numLayer
  if (programs > 0 || layers > 0)
    throw new DecodeError('ERR_RTP_PAYLOAD', `${programs + 1} programs of ${layers + 1} layers`)
  if (version) latmValue(reader) // ascLen
  const config = decodeAudioSpecificConfig(shifted(bytes, reader.position))
  try {
    return { frameCount, configuration: encodeAudioSpecificConfig(config), frameSamples: config.frameSamples }
  } catch (error) {
    if (error instanceof RangeError) throw new DecodeError('ERR_RTP_PAYLOAD', error.message)
    throw error
  }
}

/** Writes a StreamMuxConfig of one frame a payload around an AudioSpecificConfig. */
export function encodeStreamMuxConfig(configuration: Uint8Array): Uint8Array {
  // audioMuxVersion 0 | allStreamsSameTimeFraming 1 | numSubFrames 0 6 | numProgram 0 4 | numLayer 0 3: 15 bits
  // after the configuration: frameLengthType 0 3 | latmBufferFullness 0xff 8 | otherDataPresent 0, crcCheckPresent 0
  const bits = [0x40, 0x00].flatMap((byte) => bitsOf(byte, 8)).slice(0, 15)
  for (const byte of configuration) bits.push(...bitsOf(byte, 8))
  bits.push(...bitsOf(0, 3), ...bitsOf(0xff, 8), 0, 0)
  const out = new Uint8Array(Math.ceil(bits.length / 8))
  for (const [i, bit] of bits.entries()) out[i >> 3]! |= bit << (7 - (i & 7))
  return out
}

function bitsOf(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (value >> (count - 1 - i)) & 1)
}

/** LatmGetValue(): 2 bits say how many bytes follow. */
function latmValue(reader: BitReader): number {
  return reader.bits(8 * (1 + reader.bits(2)))
}

function shifted(bytes: Uint8Array, position: number): Uint8Array {
  const start = position >> 3
  const shift = position & 7
  return Uint8Array.from(
    { length: bytes.length - start },
    (_, i) => ((bytes[start + i]! << shift) | ((bytes[start + i + 1] ?? 0) >> (8 - shift))) & 0xff,
  )
}

/** Takes the frames out of LATM. */
export class LatmDepacketizer implements Depacketizer {
  readonly #config: StreamMuxConfig
  readonly #assembly: UnitAssembly
  #damaged: number

  constructor(config: StreamMuxConfig, options: DepacketizerOptions = {}) {
    this.#config = config
    this.#assembly = new UnitAssembly(options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES)
    this.#damaged = 0
  }

  get damagedCount(): number {
    return this.#damaged + this.#assembly.damagedCount
  }

  push({ timestamp, payload, marker }: RtpPacket, lost: boolean): RtpFrame[] {
    const frames: RtpFrame[] = []
    const assembly = this.#assembly
    if (lost) assembly.lose()
    // Without its last packet an element is not whole.
    if (assembly.active && assembly.timestamp !== timestamp) {
      assembly.spoil()
      assembly.end()
    }
    if (payload.length === 0) return frames
    if (!assembly.active) assembly.begin(timestamp)
    assembly.add(payload)
    if (marker) this.#end(frames)
    return frames
  }

  flush(): undefined {
    if (!this.#assembly.active) return undefined
    this.#assembly.spoil()
    this.#assembly.end()
    return undefined
  }

  #end(frames: RtpFrame[]): void {
    const unit = this.#assembly.end()
    if (unit === undefined) return
    const bytes = concatBytes(unit.parts)
    const { frameCount, frameSamples } = this.#config
    let at = 0
    for (let i = 0; i < frameCount; i++) {
      let size = 0
      while (bytes[at] === 0xff) {
        size += 255
        at++
      }
      size += bytes[at++] ?? Infinity
      if (at + size > bytes.length) {
        this.#damaged++
        this.#assembly.lose()
        return
      }
      const timestamp = (unit.timestamp + i * frameSamples) >>> 0
      if (size > 0)
        frames.push({ timestamp, data: bytes.subarray(at, at + size), lost: i === 0 && unit.lost })
      at += size
    }
  }
}

/** Puts AAC frames into packets as LATM, one a payload. */
export class LatmPacketizer implements Packetizer {
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(data: Uint8Array): RtpPayload[] {
    const lengthBytes = Math.floor(data.length / 255) + 1
    const element = new Uint8Array(lengthBytes + data.length)
    element.fill(0xff, 0, lengthBytes - 1)
    element[lengthBytes - 1] = data.length % 255
    element.set(data, lengthBytes)
    const payloads: RtpPayload[] = []
    for (let at = 0; at < element.length; at += this.#maxBytes) {
      const end = Math.min(at + this.#maxBytes, element.length)
      payloads.push({ payload: element.subarray(at, end), marker: end === element.length, ticks: 0 })
    }
    return payloads
  }
}
