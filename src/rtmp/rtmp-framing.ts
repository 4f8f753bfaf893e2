/**
 * Packets as RTMP messages that are the same for every player: the chunks carry absolute time, fixed ids and
 * nothing that depends on what a connection sent before, so one array serves them all.
 *
 * @module
 */
import { ByteArena, EMPTY_BYTES } from '../bytes/index.ts'
import {
  chunkedLength,
  MESSAGE_TYPE_AUDIO,
  MESSAGE_TYPE_DATA_AMF0,
  MESSAGE_TYPE_VIDEO,
  writeChunkedMessage,
} from '../chunk/index.ts'
import {
  configurationPackets,
  type ConfigurationSet,
  framedDts,
  type Framing,
  type MediaPacket,
  type ViewFormat,
} from '../media/index.ts'
import { AUDIO_CHUNK_STREAM_ID, DATA_CHUNK_STREAM_ID, VIDEO_CHUNK_STREAM_ID } from './chunk-stream-ids.ts'

/**
 * Chunk size of {@link RTMP_VIEW} in bytes: a session announces it by Set Chunk Size before it sends media.
 */
export const RTMP_VIEW_CHUNK_SIZE = 65_536

/** Message stream id of {@link RTMP_VIEW}: what a session answers to `createStream`. */
export const RTMP_VIEW_MESSAGE_STREAM_ID = 1

/**
 * Frames packets as RTMP: fmt 0 for the first chunk of each message, csid 4 for data, 6 for video, 7 for
 * audio. The timestamp is `dts` modulo 2³².
 */
export class RtmpFraming implements Framing {
  readonly #arena: ByteArena

  constructor() {
    this.#arena = new ByteArena()
  }

  /** Metadata at 0, audio and video configuration at `dts`, in one array of their own. */
  join(configuration: ConfigurationSet, dts: number): Uint8Array {
    const packets = configurationPackets(configuration)
    let length = 0
    for (const packet of packets) length += messageLength(packet, framedDts(packet, dts))
    const out = new Uint8Array(length)
    let at = 0
    for (const packet of packets) at = writeMessage(out, at, packet, framedDts(packet, dts))
    return out
  }

  /**
   * The packets as one array, exactly as long as they are. Short ones share a slab with other batches of this
   * view.
   */
  frame(packets: readonly MediaPacket[]): Uint8Array {
    let length = 0
    for (const packet of packets) length += messageLength(packet, framedDts(packet, packet.dts))
    if (length === 0) return EMPTY_BYTES
    const out = this.#arena.take(length)
    let at = 0
    for (const packet of packets) at = writeMessage(out, at, packet, framedDts(packet, packet.dts))
    return out
  }
}

/** What RTMP players read. */
export const RTMP_VIEW: ViewFormat = { name: 'rtmp', create: () => new RtmpFraming() }

function messageLength(packet: MediaPacket, dts: number): number {
  // The three chunk stream ids take one byte each.
  return chunkedLength(packet.body.length, dts, RTMP_VIEW_CHUNK_SIZE, VIDEO_CHUNK_STREAM_ID)
}

function writeMessage(out: Uint8Array, offset: number, packet: MediaPacket, dts: number): number {
  const { kind, body } = packet
  const video = kind === 'video'
  const audio = kind === 'audio'
  const message = {
    chunkStreamId: video ? VIDEO_CHUNK_STREAM_ID : audio ? AUDIO_CHUNK_STREAM_ID : DATA_CHUNK_STREAM_ID,
    timestamp: dts,
    messageTypeId: video ? MESSAGE_TYPE_VIDEO : audio ? MESSAGE_TYPE_AUDIO : MESSAGE_TYPE_DATA_AMF0,
    messageStreamId: RTMP_VIEW_MESSAGE_STREAM_ID,
    body,
  }
  return writeChunkedMessage(out, offset, message, RTMP_VIEW_CHUNK_SIZE)
}
