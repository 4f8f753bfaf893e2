/**
 * From a PMT entry to a codec. ISO/IEC 13818-1 Table 2-34, ATSC A/53, ETSI EN 300 468 Annex D.
 *
 * @module
 */
import type { FourCc } from '../media/index.ts'
import { type ElementaryStream, registrationOf } from './program-tables.ts'
import {
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
