/**
 * Live FLV over HTTP: the view of a source that its `.flv` viewers share. WebSocket viewers get the same
 * bytes in frames.
 *
 * @module
 */
import { decodeAmf0, propertiesOf } from '../amf0/index.ts'
import { ByteArena } from '../bytes/index.ts'
import { MediaError } from '../errors/index.ts'
import {
  type ConfigurationSet,
  configurationPackets,
  framedDts,
  type Framing,
  type MediaPacket,
  type ViewFormat,
} from '../media/index.ts'
import { encodeFlvHeader, FLV_HEADER_BYTES, type FlvHeader } from './flv-header.ts'
import { flvTagLength, writeFlvTag } from './flv-tag.ts'

/** Frames batches of packets as FLV tags. Every batch is self-contained. */
export class FlvFraming implements Framing {
  readonly #arena: ByteArena

  constructor() {
    this.#arena = new ByteArena()
  }

  /** FLV header, then metadata and configurations as tags stamped with `dts`. */
  join(configuration: ConfigurationSet, dts: number): Uint8Array {
    const packets = configurationPackets(configuration)
    const out = new Uint8Array(FLV_HEADER_BYTES + tagsLength(packets))
    out.set(encodeFlvHeader(announcedBy(configuration)))
    let at = FLV_HEADER_BYTES
    for (const packet of packets) at = writeFlvTag(out, at, packet, framedDts(packet, dts))
    return out
  }

  /**
   * The packets as tags, one after the other, in one array of exactly their size. Short ones share a slab
   * with other batches of this view.
   */
  frame(packets: readonly MediaPacket[]): Uint8Array {
    const out = this.#arena.take(tagsLength(packets))
    let at = 0
    for (const packet of packets) at = writeFlvTag(out, at, packet, framedDts(packet, packet.dts))
    return out
  }
}

/** Live FLV as a view of a source. */
export const FLV_VIEW: ViewFormat = { name: 'flv', create: () => new FlvFraming() }

function tagsLength(packets: readonly MediaPacket[]): number {
  let length = 0
  for (const packet of packets) length += flvTagLength(packet)
  return length
}

/**
 * What the header should announce. Players wait for a kind that is announced but never comes, so a kind
 * counts if its configuration is there, or when the metadata names a codec that has none. Both when nothing
 * is known.
 */
function announcedBy(configuration: ConfigurationSet): FlvHeader {
  let audio = configuration.audio.length > 0
  let video = configuration.video.length > 0
  if (configuration.metadata !== undefined && !(audio && video)) {
    const properties = metadataProperties(configuration.metadata)
    audio ||= AUDIO_WITHOUT_CONFIGURATION.has(properties['audiocodecid'])
    video ||= VIDEO_WITHOUT_CONFIGURATION.has(properties['videocodecid'])
  }
  return audio || video ? { audio, video } : { audio: true, video: true }
}

/**
 * `audiocodecid` of codecs that need no configuration: legacy sound formats but AAC, fourCCs as text or as a
 * number.
 */
const AUDIO_WITHOUT_CONFIGURATION: ReadonlySet<unknown> = new Set([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 14, // PCM, ADPCM, MP3, Nellymoser, G.711, Speex
  '.mp3', 'ac-3', 'ec-3', 0x2e6d7033, 0x61632d33, 0x65632d33,
]) // prettier-ignore

/** `videocodecid` of codecs that need no configuration: Sorenson H.263, screen video, VP6, MPEG-4. */
const VIDEO_WITHOUT_CONFIGURATION: ReadonlySet<unknown> = new Set([2, 3, 4, 5, 6, 9])

function metadataProperties(metadata: MediaPacket): Record<string, unknown> {
  try {
    return propertiesOf(decodeAmf0(metadata.body)[1]) ?? {}
  } catch (error) {
    if (error instanceof MediaError) return {} // Damaged metadata is forwarded as it is, but announces nothing.
    throw error
  }
}
