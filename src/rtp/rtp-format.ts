/**
 * What a payload type stands for, in SDP and out of it. RFC 8866 §6.6 (`rtpmap`) and §6.15 (`fmtp`), static types in RFC 3551 §6;
 * parameters in RFC 6184 §8.1, RFC 7798 §7.1, RFC 3640 §4.1, RFC 6416 §7.1 and RFC 7587 §6.1.
 *
 * @module
 */
import { decodeBase64, encodeBase64 } from '../bytes/index.ts'
import {
  createAvcConfiguration,
  createHevcConfiguration,
  decodeAudioSpecificConfig,
  decodeAvcConfiguration,
  decodeHevcConfiguration,
  encodeAvcConfiguration,
  encodeHevcConfiguration,
  encodeOpusHead,
} from '../codec/index.ts'
import { MediaError } from '../errors/index.ts'
import type { FourCc } from '../media/index.ts'
import type { SdpAttribute, SdpMedia } from '../sdp/index.ts'
import { decodeStreamMuxConfig } from './latm-payload.ts'

/** A payload format of a stream. */
export interface RtpFormat {
  /** FourCC as packets have it; `mp2t` for a transport stream; `''` for a format that is not known. */
  readonly codec: FourCc
  /** Audio or video; a transport stream is video. */
  readonly kind: 'audio' | 'video'
  /** Encoding name of `rtpmap` in upper case, such as `MPEG4-GENERIC`. */
  readonly encoding: string
  /** 0 to 127. */
  readonly payloadType: number
  /** Ticks a second of timestamps. */
  readonly clockRate: number
  /** Channels that `rtpmap` says. @defaultValue none */
  readonly channelCount?: number | undefined
  /** Format parameters by name in lower case. */
  readonly parameters: ReadonlyMap<string, string>
  /** Decoder configuration that the parameters stand for, a record as in FLV. @defaultValue none: the stream brings it */
  readonly configuration?: Uint8Array | undefined
}

/** Encoding names, upper case, and what they carry. */
const CODECS: ReadonlyMap<string, FourCc> = new Map([
  ['H264', 'avc1'],
  ['H265', 'hvc1'],
  ['HEVC', 'hvc1'],
  ['AV1', 'av01'],
  ['AV1X', 'av01'],
  ['VP8', 'vp08'],
  ['VP9', 'vp09'],
  ['MPEG4-GENERIC', 'mp4a'],
  ['MP4A-LATM', 'mp4a'],
  ['OPUS', 'Opus'],
  ['PCMA', 'alaw'],
  ['PCMU', 'ulaw'],
  ['MPA', '.mp3'],
  ['MP2T', 'mp2t'],
])

/** Static payload types that this package carries. RFC 3551 §6. */
const STATIC_TYPES: ReadonlyMap<number, readonly [encoding: string, clockRate: number]> = new Map([
  [0, ['PCMU', 8000]],
  [8, ['PCMA', 8000]],
  [14, ['MPA', 90_000]],
  [33, ['MP2T', 90_000]],
])

/**
 * The formats of a media section, in the order of preference; those that are not known have `codec` `''`. Never throws: parameters that
 * cannot be read are as if they were not there.
 */
export function rtpFormatsOf(media: SdpMedia): RtpFormat[] {
  const formats: RtpFormat[] = []
  for (const name of media.formats) {
    const payloadType = /^\d{1,3}$/.test(name) ? Number(name) : 128
    if (payloadType > 127) continue
    const parameters = parametersOf(media, name)
    const [encoding, clockRate, channelCount] = mappingOf(media, payloadType)
    const codec = codecOf(encoding, parameters)
    const kind = media.type === 'audio' ? 'audio' : 'video'
    const format = { codec, kind, encoding, payloadType, clockRate, channelCount, parameters } as const
    formats.push({ ...format, configuration: readable(() => configurationOf(format)) })
  }
  return formats
}

/** HEVC whose NAL units are out of decoding order needs a DON, which nobody sends. */
function codecOf(encoding: string, parameters: ReadonlyMap<string, string>): FourCc {
  const codec = CODECS.get(encoding) ?? ''
  if (codec === 'hvc1' && Number(parameters.get('sprop-max-don-diff') ?? 0) > 0) return ''
  if (codec === 'avc1' && Number(parameters.get('packetization-mode') ?? 0) > 1) return ''
  if (encoding === 'MPEG4-GENERIC' && /^(celp|generic)/i.test(parameters.get('mode') ?? '')) return ''
  if (encoding === 'MP4A-LATM' && !parameters.has('config')) return ''
  return codec
}

function mappingOf(
  media: SdpMedia,
  payloadType: number,
): [encoding: string, clockRate: number, channels?: number] {
  for (const { name, value } of media.attributes) {
    // 97 MPEG4-GENERIC/48000/2
    const found =
      name === 'rtpmap' ? /^(\d+)\s+([^/\s]+)(?:\s*\/\s*(\d+)(?:\s*\/\s*(\d+))?)?/.exec(value) : null
    if (found === null || Number(found[1]) !== payloadType) continue
    const encoding = found[2]!.toUpperCase()
    const clockRate = Number(found[3] ?? 0) || (media.type === 'video' ? 90_000 : 8000)
    const channels = found[4] === undefined ? undefined : Number(found[4])
    return channels === undefined ? [encoding, clockRate] : [encoding, clockRate, channels]
  }
  const [encoding, clockRate] = STATIC_TYPES.get(payloadType) ?? ['', 90_000]
  return [encoding, clockRate]
}

/** `97 a=1; b = 2;c`, names in any case. */
function parametersOf(media: SdpMedia, payloadType: string): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const { name, value } of media.attributes) {
    const found = name === 'fmtp' ? /^(\d+)\s+(.*)$/.exec(value) : null
    if (found?.[1] !== payloadType) continue
    for (const part of found[2]!.split(';')) {
      const equals = part.indexOf('=')
      const key = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase()
      if (key !== '') parameters.set(key, equals < 0 ? '' : part.slice(equals + 1).trim())
    }
  }
  return parameters
}

/** The record that the parameters stand for. @throws MediaError for damaged ones. */
function configurationOf(format: RtpFormat): Uint8Array | undefined {
  const { codec, encoding, parameters } = format
  if (codec === 'avc1') {
    const sets = nalUnitsOf(parameters.get('sprop-parameter-sets'))
    const sps = sets.filter((set) => (set[0]! & 0x1f) === 7)
    const pps = sets.filter((set) => (set[0]! & 0x1f) === 8)
    return sps.length === 0 || pps.length === 0
      ? undefined
      : encodeAvcConfiguration(createAvcConfiguration(sps, pps))
  }
  if (codec === 'hvc1') {
    const [vps, sps, pps] = ['sprop-vps', 'sprop-sps', 'sprop-pps'].map((name) =>
      nalUnitsOf(parameters.get(name)),
    )
    if (!vps?.length || !sps?.length || !pps?.length) return undefined
    return encodeHevcConfiguration(createHevcConfiguration(vps, sps, pps))
  }
  if (codec === 'mp4a') {
    const config = hexOf(parameters.get('config'))
    if (config === undefined) return undefined
    if (encoding === 'MP4A-LATM') return decodeStreamMuxConfig(config).configuration
    decodeAudioSpecificConfig(config)
    return config
  }
  // Two channels always, whatever the stream has; RFC 7587 §6.1 says `sprop-stereo` for what is sent.
  return codec === 'Opus' ? opusHead(2) : undefined
}

function opusHead(channelCount: number): Uint8Array {
  const head = { channelCount, preSkip: 0, inputSampleRate: 48_000, outputGain: 0 }
  return encodeOpusHead({ ...head, mappingFamily: 0, mapping: undefined })
}

function nalUnitsOf(list: string | undefined): Uint8Array[] {
  return (list ?? '').split(',').flatMap((text) => {
    const bytes = decodeBase64(text.trim())
    return bytes === undefined || bytes.length < 2 ? [] : [bytes]
  })
}

function hexOf(text: string | undefined): Uint8Array | undefined {
  if (text === undefined || !/^([0-9a-f]{2})+$/i.test(text)) return undefined
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  )
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}

/** First dynamic payload type. RFC 3551 §3. */
const FIRST_DYNAMIC = 96

/**
 * The format in which this package sends a track.
 * @param codec - fourCC of its packets, or `mp2t`.
 * @param configuration - decoder configuration record; H.264, HEVC and AAC need one for their parameters.
 * @param payloadType - a dynamic one, 96 to 127; codecs with a static one have that. @defaultValue 96
 * @returns `undefined` for a codec without a payload format, and for AAC without a configuration.
 */
export function rtpFormatFor(
  codec: FourCc,
  configuration: Uint8Array | undefined,
  payloadType: number = FIRST_DYNAMIC,
): RtpFormat | undefined {
  const described = readable(() => describe(codec, configuration))
  if (described === undefined) return undefined
  const { encoding, clockRate, channelCount, parameters } = described
  const fixed = Array.from(STATIC_TYPES).find(([, [name]]) => name === encoding)?.[0]
  return {
    codec,
    kind: AUDIO_ENCODINGS.has(encoding) ? 'audio' : 'video',
    encoding,
    payloadType: fixed ?? payloadType,
    clockRate,
    channelCount,
    parameters: new Map(parameters),
    configuration,
  }
}

const AUDIO_ENCODINGS: ReadonlySet<string> = new Set(['MPEG4-GENERIC', 'OPUS', 'PCMA', 'PCMU', 'MPA'])

interface Described {
  readonly encoding: string
  readonly clockRate: number
  readonly channelCount?: number
  readonly parameters: readonly (readonly [string, string])[]
}

function describe(codec: FourCc, configuration: Uint8Array | undefined): Described | undefined {
  switch (codec) {
    case 'avc1':
      return { encoding: 'H264', clockRate: 90_000, parameters: avcParameters(configuration) }
    case 'hvc1':
      return { encoding: 'H265', clockRate: 90_000, parameters: hevcParameters(configuration) }
    case 'av01':
      return { encoding: 'AV1', clockRate: 90_000, parameters: [] }
    case 'vp08':
      return { encoding: 'VP8', clockRate: 90_000, parameters: [] }
    case 'vp09':
      return { encoding: 'VP9', clockRate: 90_000, parameters: [] }
    case 'mp4a': {
      if (configuration === undefined) return undefined
      const { samplingFrequency, channelCount } = decodeAudioSpecificConfig(configuration)
      const channels = channelCount === 0 ? 2 : channelCount
      const parameters = aacParameters(configuration)
      return { encoding: 'MPEG4-GENERIC', clockRate: samplingFrequency, channelCount: channels, parameters }
    }
    case 'Opus':
      return { encoding: 'OPUS', clockRate: 48_000, channelCount: 2, parameters: [['sprop-stereo', '1']] }
    case 'alaw':
      return { encoding: 'PCMA', clockRate: 8000, parameters: [] }
    case 'ulaw':
      return { encoding: 'PCMU', clockRate: 8000, parameters: [] }
    case '.mp3':
      return { encoding: 'MPA', clockRate: 90_000, parameters: [] }
    case 'mp2t':
      return { encoding: 'MP2T', clockRate: 90_000, parameters: [] }
    default:
      return undefined
  }
}

function avcParameters(configuration: Uint8Array | undefined): [string, string][] {
  const parameters: [string, string][] = [['packetization-mode', '1']]
  if (configuration === undefined) return parameters
  const { sps, pps } = decodeAvcConfiguration(configuration)
  if (sps.length === 0 || pps.length === 0) return parameters
  parameters.push(['sprop-parameter-sets', [...sps, ...pps].map(encodeBase64).join(',')])
  parameters.push(['profile-level-id', hexText(sps[0]!.subarray(1, 4)).toUpperCase()])
  return parameters
}

function hevcParameters(configuration: Uint8Array | undefined): [string, string][] {
  if (configuration === undefined) return []
  const { vps, sps, pps } = decodeHevcConfiguration(configuration)
  const sets = { 'sprop-vps': vps, 'sprop-sps': sps, 'sprop-pps': pps }
  return Object.entries(sets).flatMap(([name, units]): [string, string][] =>
    units.length === 0 ? [] : [[name, units.map(encodeBase64).join(',')]],
  )
}

function aacParameters(configuration: Uint8Array): [string, string][] {
  return [
    ['streamtype', '5'],
    ['profile-level-id', '1'],
    ['mode', 'AAC-hbr'],
    ['sizelength', '13'],
    ['indexlength', '3'],
    ['indexdeltalength', '3'],
    ['config', hexText(configuration)],
  ]
}

function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The media section of one format, with `rtpmap` and `fmtp`; `attributes`, such as `control`, come after them. */
export function sdpMediaOf(format: RtpFormat, attributes: readonly SdpAttribute[] = []): SdpMedia {
  const { payloadType, encoding, clockRate, channelCount, parameters } = format
  // Opus has lower case by custom (RFC 7587 §7), and so has the generic format.
  const name = LOWER_CASE.has(encoding) ? encoding.toLowerCase() : encoding
  const channels = channelCount === undefined ? '' : `/${channelCount}`
  const lines: SdpAttribute[] = [{ name: 'rtpmap', value: `${payloadType} ${name}/${clockRate}${channels}` }]
  if (parameters.size > 0) {
    const text = Array.from(parameters, ([key, value]) => `${key}=${value}`).join('; ')
    lines.push({ name: 'fmtp', value: `${payloadType} ${text}` })
  }
  return {
    type: format.kind,
    port: 0,
    protocol: 'RTP/AVP',
    formats: [String(payloadType)],
    attributes: [...lines, ...attributes],
  }
}

const LOWER_CASE: ReadonlySet<string> = new Set(['OPUS', 'MPEG4-GENERIC'])
