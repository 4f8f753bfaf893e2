/**
 * One track in a few words: for playlists, statistics and metadata, from its codec and decoder configuration.
 *
 * @module
 */
import { MediaError } from '../errors/index.ts'
import { decodeAc3Header } from './ac3-header.ts'
import { AAC_PS, AAC_SBR, decodeAudioSpecificConfig } from './audio-specific-config.ts'
import { decodeAv1Configuration } from './av1-configuration.ts'
import { type Av1SequenceHeader, findAv1SequenceHeader } from './av1-sequence-header.ts'
import { decodeAvcConfiguration } from './avc-configuration.ts'
import { decodeAvcSps } from './avc-sps.ts'
import {
  aacCodecString,
  av1CodecString,
  avcCodecString,
  hevcCodecString,
  vpCodecString,
  vvcCodecString,
} from './codec-string.ts'
import { decodeFlacStreamInfo } from './flac-stream-info.ts'
import { decodeHevcConfiguration } from './hevc-configuration.ts'
import { decodeHevcSps } from './hevc-sps.ts'
import { decodeMpegAudioHeader } from './mpeg-audio-header.ts'
import { decodeOpusHead } from './opus-head.ts'
import {
  aacProfileName,
  av1LevelName,
  av1ProfileName,
  avcLevelName,
  avcProfileName,
  hevcLevelName,
  hevcProfileName,
  vvcLevelName,
} from './profile-name.ts'
import { decodeVpConfiguration } from './vp-configuration.ts'
import { decodeVvcConfiguration } from './vvc-configuration.ts'

/** What is known of a track. */
export interface TrackDescription {
  /** FourCC, as given. */
  readonly codec: string
  /** RFC 6381 codec string; the codec itself where no more is known. */
  readonly codecString: string
  /** Profile by name, "High" or "LC". */
  readonly profile?: string
  /** Level, "3.1". */
  readonly level?: string
  /** Width in pixels. */
  readonly width?: number
  /** Height in pixels. */
  readonly height?: number
  /** Frames per second, if the configuration says so. */
  readonly frameRate?: number
  /** Bits of a luma sample. */
  readonly bitDepth?: number
  /** Output sampling rate in Hz, that of the extension with HE-AAC. */
  readonly sampleRate?: number
  /** Output channels. */
  readonly channelCount?: number
}

/**
 * Describes a track as far as its configuration can be read. Never throws for odd bytes: what they do not
 * tell is absent.
 * @param codec - fourCC as `MediaPacket` has it: `avc1`, `hvc1`, `vvc1`, `av01`, `vp09`, `vp08`, `mp4a`,
 * `.mp3`, `Opus`, `fLaC`, `ac-3`, `ec-3`; any other returns only the codec.
 * @param configurationPayload - decoder configuration (payload of the configuration packet); for `.mp3`,
 * `ac-3` and `ec-3`, which have none, the payload of any packet. May be empty.
 */
export function describeTrack(codec: string, configurationPayload: Uint8Array): TrackDescription {
  const fallback = { codec, codecString: PLAIN_CODEC_STRINGS.get(codec) ?? codec }
  const describe = DESCRIBERS.get(codec)
  if (describe === undefined || configurationPayload.length === 0) return fallback
  const facts = readable(() => describe(configurationPayload))
  return { ...fallback, ...facts }
}

type Facts = Omit<TrackDescription, 'codec'>

/** Codec strings that need no configuration. */
const PLAIN_CODEC_STRINGS: ReadonlyMap<string, string> = new Map([
  ['.mp3', 'mp4a.6B'], // MPEG-1 audio; 69 is MPEG-2 audio
  ['Opus', 'opus'],
  ['fLaC', 'flac'],
  ['mp4a', 'mp4a.40.2'],
])

const DESCRIBERS: ReadonlyMap<string, (bytes: Uint8Array) => Facts> = new Map([
  ['avc1', describeAvc],
  ['hvc1', describeHevc],
  ['vvc1', describeVvc],
  ['av01', describeAv1],
  ['vp09', (bytes) => describeVp('vp09', bytes)],
  ['vp08', (bytes) => describeVp('vp08', bytes)],
  ['mp4a', describeAac],
  ['.mp3', describeMpegAudio],
  ['Opus', describeOpus],
  ['fLaC', describeFlac],
  ['ac-3', describeAc3],
  ['ec-3', describeAc3],
])

/** The value, or `undefined` when the bytes do not hold one. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}

function describeAvc(bytes: Uint8Array): Facts {
  const configuration = decodeAvcConfiguration(bytes)
  const { profile, compatibility, level } = configuration
  const facts = {
    codecString: avcCodecString(configuration),
    profile: avcProfileName(profile, compatibility),
    level: avcLevelName(profile, compatibility, level),
  }
  const first = configuration.sps[0]
  const sps = first === undefined ? undefined : readable(() => decodeAvcSps(first))
  if (sps === undefined) return facts
  const picture = { ...facts, width: sps.width, height: sps.height, bitDepth: sps.bitDepthLuma }
  // two ticks a frame, H.264 §E.2.1
  return sps.timing === undefined
    ? picture
    : { ...picture, frameRate: sps.timing.timeScale / (2 * sps.timing.unitsInTick) }
}

function describeHevc(bytes: Uint8Array): Facts {
  const configuration = decodeHevcConfiguration(bytes)
  const facts = {
    codecString: hevcCodecString(configuration),
    profile: hevcProfileName(configuration.profile),
    level: hevcLevelName(configuration.level),
    bitDepth: configuration.bitDepthLuma,
  }
  const first = configuration.sps[0]
  const sps = first === undefined ? undefined : readable(() => decodeHevcSps(first))
  if (sps === undefined) return facts
  const picture = { ...facts, width: sps.width, height: sps.height }
  return sps.timing === undefined
    ? picture
    : { ...picture, frameRate: sps.timing.timeScale / sps.timing.unitsInTick }
}

function describeVvc(bytes: Uint8Array): Facts {
  const { picture } = decodeVvcConfiguration(bytes)
  if (picture === undefined) return { codecString: 'vvc1' }
  return {
    codecString: vvcCodecString(picture),
    level: vvcLevelName(picture.level),
    width: picture.width,
    height: picture.height,
    bitDepth: picture.bitDepth,
  }
}

function describeAv1(bytes: Uint8Array): Facts {
  const configuration = decodeAv1Configuration(bytes)
  const header: Av1SequenceHeader | undefined = readable(() =>
    findAv1SequenceHeader(configuration.configObus),
  )
  const facts = {
    codecString: av1CodecString(configuration, header?.colour),
    profile: av1ProfileName(configuration.profile),
    level: av1LevelName(configuration.level),
    bitDepth: configuration.bitDepth,
  }
  return header === undefined ? facts : { ...facts, width: header.width, height: header.height }
}

function describeVp(fourCc: string, bytes: Uint8Array): Facts {
  const configuration = decodeVpConfiguration(bytes)
  const { profile, level, bitDepth } = configuration
  const facts = { codecString: vpCodecString(fourCc, configuration), profile: `Profile ${profile}`, bitDepth }
  return level === 0 ? facts : { ...facts, level: (level / 10).toFixed(1) }
}

function describeAac(bytes: Uint8Array): Facts {
  const config = decodeAudioSpecificConfig(bytes)
  const facts = {
    codecString: aacCodecString(config),
    profile: aacProfileName(config.ps ? AAC_PS : config.sbr ? AAC_SBR : config.objectType),
    sampleRate: config.extensionSamplingFrequency ?? config.samplingFrequency,
  }
  const channelCount = config.ps ? 2 : config.channelCount
  return channelCount === 0 ? facts : { ...facts, channelCount }
}

function describeMpegAudio(bytes: Uint8Array): Facts {
  const header = decodeMpegAudioHeader(bytes)
  return {
    codecString: header.version === 1 ? 'mp4a.6B' : 'mp4a.69',
    sampleRate: header.samplingFrequency,
    channelCount: header.channelCount,
  }
}

function describeOpus(bytes: Uint8Array): Facts {
  return { codecString: 'opus', sampleRate: 48_000, channelCount: decodeOpusHead(bytes).channelCount }
}

function describeFlac(bytes: Uint8Array): Facts {
  const { sampleRate, channelCount } = decodeFlacStreamInfo(bytes)
  return { codecString: 'flac', sampleRate, channelCount }
}

function describeAc3(bytes: Uint8Array): Facts {
  const header = decodeAc3Header(bytes)
  return {
    codecString: header.enhanced ? 'ec-3' : 'ac-3',
    sampleRate: header.samplingFrequency,
    channelCount: header.channelCount,
  }
}
