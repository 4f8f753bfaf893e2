/**
 * From media messages to packets on one clock.
 *
 * @module
 */
import { amf3DataToAmf0, type Amf0DecodeOptions } from '../amf0/index.ts'
import {
  MESSAGE_TYPE_AUDIO,
  MESSAGE_TYPE_DATA_AMF0,
  MESSAGE_TYPE_DATA_AMF3,
  MESSAGE_TYPE_VIDEO,
  type ChunkMessage,
} from '../chunk/index.ts'
import { packetFromTag, TimestampUnwrapper, type MediaPacket } from '../media/index.ts'
import { splitAggregate } from './aggregate.ts'

/**
 * Media of one publish or play. Audio, video and data share one clock, so that they stay in step across 2³²
 * ms.
 */
export class MediaIntake {
  readonly #clock = new TimestampUnwrapper()

  /** Audio or video. */
  media(messageTypeId: 8 | 9, timestamp: number, body: Uint8Array): MediaPacket {
    return packetFromTag(messageTypeId, this.#clock.unwrap(timestamp), body)
  }

  /** Data in AMF0. */
  data(timestamp: number, body: Uint8Array): MediaPacket {
    return packetFromTag(MESSAGE_TYPE_DATA_AMF0, this.#clock.unwrap(timestamp), body)
  }

  /**
   * Every part of an aggregate that is media; others are dropped. Throws what {@link splitAggregate} throws.
   */
  aggregate(message: ChunkMessage, maxParts: number, amf0: Amf0DecodeOptions | undefined): MediaPacket[] {
    const packets: MediaPacket[] = []
    for (const part of splitAggregate(message.timestamp, message.body, maxParts)) {
      switch (part.messageTypeId) {
        case MESSAGE_TYPE_AUDIO:
        case MESSAGE_TYPE_VIDEO:
          packets.push(this.media(part.messageTypeId, part.timestamp, part.body))
          break
        case MESSAGE_TYPE_DATA_AMF0:
          packets.push(this.data(part.timestamp, part.body))
          break
        case MESSAGE_TYPE_DATA_AMF3:
          packets.push(this.data(part.timestamp, amf3DataToAmf0(part.body, amf0)))
          break
      }
    }
    return packets
  }
}
