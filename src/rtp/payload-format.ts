/**
 * Which class reads and writes a payload format.
 *
 * @module
 */
import { decodeAudioSpecificConfig } from '../codec/index.ts'
import { MediaError } from '../errors/index.ts'
import { AacDepacketizer, AacPacketizer } from './aac-payload.ts'
import { Av1Depacketizer, Av1Packetizer } from './av1-payload.ts'
import { type Depacketizer, type DepacketizerOptions, PlainDepacketizer } from './depacketizer.ts'
import { decodeStreamMuxConfig, LatmDepacketizer, LatmPacketizer } from './latm-payload.ts'
import { MpegAudioDepacketizer, MpegAudioPacketizer } from './mpeg-audio-payload.ts'
import { AVC_PAYLOAD, HEVC_PAYLOAD, NalDepacketizer, NalPacketizer } from './nal-payload.ts'
import type { Packetizer } from './packetizer.ts'
import { PlainPacketizer, SamplePacketizer, TsPacketizer } from './plain-payload.ts'
import type { RtpFormat } from './rtp-format.ts'
import { VpDepacketizer, VpPacketizer } from './vp-payload.ts'

/** A {@link Depacketizer} for a format; `undefined` if it is none of those that this package reads. */
export function createDepacketizer(
  format: RtpFormat,
  options?: DepacketizerOptions,
): Depacketizer | undefined {
  switch (format.codec) {
    case 'avc1':
      return new NalDepacketizer(AVC_PAYLOAD, options)
    case 'hvc1':
      return new NalDepacketizer(HEVC_PAYLOAD, options)
    case 'av01':
      return new Av1Depacketizer(options)
    case 'vp08':
    case 'vp09':
      return new VpDepacketizer(format.codec, options)
    case 'mp4a':
      return format.encoding === 'MP4A-LATM' ? latm(format, options) : aac(format, options)
    case '.mp3':
      return new MpegAudioDepacketizer(options)
    case 'Opus':
    case 'alaw':
    case 'ulaw':
    case 'mp2t':
      return new PlainDepacketizer()
    default:
      return undefined
  }
}

/**
 * A {@link Packetizer} for a format; `undefined` if it is none of those that this package writes.
 * @param format - as `rtpFormatFor` gives it.
 * @param maxPayloadBytes - most bytes of a payload: 1,400 leave room for the headers of IP, UDP and RTP in 1,500 bytes.
 * @throws RangeError if `maxPayloadBytes` is below 64.
 */
export function createPacketizer(format: RtpFormat, maxPayloadBytes = 1400): Packetizer | undefined {
  if (!(maxPayloadBytes >= 64)) throw new RangeError(`maxPayloadBytes ${maxPayloadBytes} is below 64`)
  switch (format.codec) {
    case 'avc1':
      return new NalPacketizer(AVC_PAYLOAD, maxPayloadBytes)
    case 'hvc1':
      return new NalPacketizer(HEVC_PAYLOAD, maxPayloadBytes)
    case 'av01':
      return new Av1Packetizer(maxPayloadBytes)
    case 'vp08':
    case 'vp09':
      return new VpPacketizer(format.codec, maxPayloadBytes)
    case 'mp4a':
      return format.encoding === 'MP4A-LATM'
        ? new LatmPacketizer(maxPayloadBytes)
        : new AacPacketizer(maxPayloadBytes)
    case '.mp3':
      return new MpegAudioPacketizer(maxPayloadBytes)
    case 'Opus':
      return new PlainPacketizer(maxPayloadBytes)
    case 'alaw':
    case 'ulaw':
      return new SamplePacketizer(maxPayloadBytes)
    case 'mp2t':
      return new TsPacketizer(maxPayloadBytes)
    default:
      return undefined
  }
}

function aac(
  { parameters, configuration, clockRate }: RtpFormat,
  options?: DepacketizerOptions,
): AacDepacketizer {
  const config = configuration && decodeAudioSpecificConfig(configuration)
  // Without any parameter it is taken for AAC-hbr, which is what all send.
  const bits = (name: string, usual: number): number => {
    const value = Number(parameters.get(name) ?? usual)
    return Number.isInteger(value) && value >= 0 && value <= 32 ? value : usual
  }
  const isPlain = !parameters.has('sizelength') && parameters.has('constantsize')
  const syntax = {
    sizeLength: isPlain ? 0 : bits('sizelength', 13),
    indexLength: bits('indexlength', 3),
    indexDeltaLength: bits('indexdeltalength', 3),
    // With SBR the clock may be that of the output, twice that of the frames.
    frameSamples: config === undefined ? 1024 : (config.frameSamples * clockRate) / config.samplingFrequency,
  }
  return new AacDepacketizer(syntax, options)
}

function latm(
  { parameters, configuration, clockRate }: RtpFormat,
  options?: DepacketizerOptions,
): LatmDepacketizer | undefined {
  const config = parameters.get('config') ?? ''
  try {
    const bytes = Uint8Array.from(config.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
    const read = decodeStreamMuxConfig(bytes)
    const { samplingFrequency } = decodeAudioSpecificConfig(configuration ?? read.configuration)
    return new LatmDepacketizer(
      { ...read, frameSamples: (read.frameSamples * clockRate) / samplingFrequency },
      options,
    )
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}
