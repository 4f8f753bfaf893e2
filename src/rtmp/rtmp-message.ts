/**
 * What an RTMP message says, as a union that is closed by its `type`. RTMP 1.0 §5.4, §6 and §7.1.
 *
 * @module
 */
import type { Amf0Value } from '../amf0/index.ts'
import type { UserControlEvent } from './user-control.ts'

/** The sender's chunks hold at most this many bytes from now on. RTMP 1.0 §5.4.1. */
export interface SetChunkSizeMessage {
  /** Discriminant. */
  readonly type: 'setChunkSize'
  /** Bytes of payload a chunk, 1 to 2³¹ − 1. */
  readonly chunkSize: number
}

/** The partly sent message on a chunk stream is given up. RTMP 1.0 §5.4.2. */
export interface AbortMessage {
  /** Discriminant. */
  readonly type: 'abort'
  /** The chunk stream whose message is dropped. */
  readonly chunkStreamId: number
}

/** Bytes that the sender has received so far. RTMP 1.0 §5.4.3. */
export interface AcknowledgementMessage {
  /** Discriminant. */
  readonly type: 'acknowledgement'
  /** Byte count, modulo 2³². */
  readonly sequenceNumber: number
}

/** A user control event. RTMP 1.0 §6.2. */
export interface UserControlMessage {
  /** Discriminant. */
  readonly type: 'userControl'
  /** What happened. */
  readonly event: UserControlEvent
}

/** The receiver is to acknowledge after this many bytes. RTMP 1.0 §5.4.4. */
export interface WindowAcknowledgementSizeMessage {
  /** Discriminant. */
  readonly type: 'windowAcknowledgementSize'
  /** Window in bytes; u32. */
  readonly windowBytes: number
}

/** Limit of unacknowledged bytes that the receiver may have on the way. RTMP 1.0 §5.4.5. */
export interface SetPeerBandwidthMessage {
  /** Discriminant. */
  readonly type: 'setPeerBandwidth'
  /** Window in bytes; u32. */
  readonly windowBytes: number
  /** 0 hard, 1 soft, 2 dynamic. */
  readonly limitType: number
}

/** Audio (type 8) or video (type 9); the body is an FLV tag body. RTMP 1.0 §7.1.4, §7.1.5. */
export interface MediaMessage {
  /** Discriminant. */
  readonly type: 'audio' | 'video'
  /** Wire timestamp in ms; u32. */
  readonly timestamp: number
  /** The message stream; u32. */
  readonly messageStreamId: number
  /** FLV tag body, as it arrived. */
  readonly body: Uint8Array
}

/**
 * A data message such as `onMetaData`: type 18, or type 15 whose body was turned into AMF0. RTMP 1.0 §7.1.2.
 */
export interface DataMessage {
  /** Discriminant. */
  readonly type: 'data'
  /** Wire timestamp in ms; u32. */
  readonly timestamp: number
  /** The message stream; u32. */
  readonly messageStreamId: number
  /** The decoded values; the first is the handler's name. */
  readonly values: readonly Amf0Value[]
  /** The AMF0 body. Encoding takes this, not `values`. */
  readonly body: Uint8Array
}

/** A command: type 20, or type 17 (one format byte, then AMF0). RTMP 1.0 §7.1.1. */
export interface CommandMessage {
  /** Discriminant. */
  readonly type: 'command'
  /** The message stream: 0 is the connection, anything else a NetStream; u32. */
  readonly messageStreamId: number
  /** Name of the command, as it came. */
  readonly name: string
  /** 0 when no answer is wanted, or when the peer left the number out. */
  readonly transactionId: number
  /** The command object, mostly `null`. */
  readonly commandObject: Amf0Value
  /** The arguments after the command object. */
  readonly args: readonly Amf0Value[]
}

/**
 * A series of audio, video and data messages in one (type 22): see {@link splitAggregate}. RTMP 1.0 §7.1.6.
 */
export interface AggregateMessage {
  /** Discriminant. */
  readonly type: 'aggregate'
  /** Timestamp of the first part in ms; u32. */
  readonly timestamp: number
  /** The message stream; u32. */
  readonly messageStreamId: number
  /** FLV tags, each with its back pointer. */
  readonly body: Uint8Array
}

/** A shared object event (type 19, or 16 in AMF3), not decoded. RTMP 1.0 §7.1.3. */
export interface SharedObjectMessage {
  /** Discriminant. */
  readonly type: 'sharedObject'
  /** 19 or 16. */
  readonly messageTypeId: number
  /** Wire timestamp in ms; u32. */
  readonly timestamp: number
  /** The message stream; u32. */
  readonly messageStreamId: number
  /** The body as it came. */
  readonly body: Uint8Array
}

/** A message type that RTMP 1.0 does not define. Never an error. */
export interface UnknownMessage {
  /** Discriminant. */
  readonly type: 'unknown'
  /** The type on the wire; u8. */
  readonly messageTypeId: number
  /** Wire timestamp in ms; u32. */
  readonly timestamp: number
  /** The message stream; u32. */
  readonly messageStreamId: number
  /** The body as it came. */
  readonly body: Uint8Array
}

/** Any RTMP message. */
export type RtmpMessage =
  | SetChunkSizeMessage
  | AbortMessage
  | AcknowledgementMessage
  | UserControlMessage
  | WindowAcknowledgementSizeMessage
  | SetPeerBandwidthMessage
  | MediaMessage
  | DataMessage
  | CommandMessage
  | AggregateMessage
  | SharedObjectMessage
  | UnknownMessage
