/**
 * From a PMT entry to a codec. ISO/IEC 13818-1 Table 2-34, ATSC A/53, ETSI EN 300 468 Annex D, RFC 7845 §5.1.1.2.
 *
 * @module
 */
import { encodeOpusHead } from '../codec/index.ts'
import type { FourCc } from '../media/index.ts'
import { type ElementaryStream, registrationOf } from './program-tables.ts'
import {
  DESCRIPTOR_EXTENSION,
  STREAM_TYPE_AAC,
  STREAM_TYPE_AC3,
  STREAM_TYPE_AVC,
  STREAM_TYPE_EAC3,
  STREAM_TYPE_HEVC,
  STREAM_TYPE_MPEG1_AUDIO,
  STREAM_TYPE_MPEG2_AUDIO,
  STREAM_TYPE_PRIVATE,
} from './stream-type.ts'

/** DVB descriptors of AC-3 and E-AC-3. ETSI EN 300 468 Annex D. */
const DESCRIPTOR_DVB_AC3 = 0x6a
const DESCRIPTOR_DVB_EAC3 = 0x7a

/** The codec that a PMT entry announces, or `''`. */
export function codecOfStream({ streamType, descriptors }: ElementaryStream): FourCc {
  switch (streamType) {
    case STREAM_TYPE_AVC:
      return 'avc1'
    case STREAM_TYPE_HEVC:
      return 'hvc1'
    case STREAM_TYPE_AAC:
      return 'mp4a'
    case STREAM_TYPE_MPEG1_AUDIO:
    case STREAM_TYPE_MPEG2_AUDIO:
      return '.mp3'
    case STREAM_TYPE_AC3:
      return 'ac-3'
    case STREAM_TYPE_EAC3:
      return 'ec-3'
    case STREAM_TYPE_PRIVATE:
      return codecOfPrivate(descriptors)
    default:
      return ''
  }
}

/** Audio or video; `undefined` for other codecs. */
export function kindOfCodec(codec: FourCc): 'audio' | 'video' | undefined {
  if (codec === '') return undefined
  return codec === 'avc1' || codec === 'hvc1' ? 'video' : 'audio'
}

/** Streams, coupled streams and channel order by channel count, 3 to 8. RFC 7845 §5.1.1.2, Vorbis order. */
const OPUS_SURROUND: readonly (readonly [streams: number, coupled: number, channels: readonly number[]])[] = [
  [2, 1, [0, 2, 1]],
  [2, 2, [0, 1, 2, 3]],
  [3, 2, [0, 4, 1, 2, 3]],
  [4, 2, [0, 4, 1, 2, 3, 5]],
  [4, 3, [0, 4, 1, 2, 3, 5, 6]],
  [5, 3, [0, 6, 1, 2, 3, 4, 5, 7]],
]

/** The OpusHead of a stream by its channel_config_code, 1 to 8; `undefined` for others, which have tables of their own. */
export function opusHeadOfStream(descriptors: Uint8Array): Uint8Array | undefined {
  let channelCount = 0
  for (let at = 0; at + 4 <= descriptors.length; at += 2 + descriptors[at + 1]!) {
    const isOpus = descriptors[at] === DESCRIPTOR_EXTENSION && descriptors[at + 2] === 0x80
    if (isOpus) channelCount = descriptors[at + 3]! // channel_config_code
  }
  if (channelCount < 1 || channelCount > 8) return undefined
  const [streamCount, coupledCount, channels] = OPUS_SURROUND[channelCount - 3] ?? [1, channelCount - 1, []]
  const mapping = channelCount < 3 ? undefined : { streamCount, coupledCount, channels }
  const mappingFamily = mapping === undefined ? 0 : 1
  return encodeOpusHead({
    channelCount,
    preSkip: 0,
    inputSampleRate: 48_000,
    outputGain: 0,
    mappingFamily,
    mapping,
  })
}

function codecOfPrivate(descriptors: Uint8Array): FourCc {
  const registration = registrationOf(descriptors)
  if (registration === 'Opus') return 'Opus'
  if (registration === 'AC-3' || hasDescriptor(descriptors, DESCRIPTOR_DVB_AC3)) return 'ac-3'
  if (registration === 'EAC3' || hasDescriptor(descriptors, DESCRIPTOR_DVB_EAC3)) return 'ec-3'
  if (registration === 'HEVC') return 'hvc1'
  return ''
}

function hasDescriptor(descriptors: Uint8Array, tag: number): boolean {
  for (let at = 0; at + 2 <= descriptors.length; at += 2 + descriptors[at + 1]!) {
    if (descriptors[at] === tag) return true
  }
  return false
}
