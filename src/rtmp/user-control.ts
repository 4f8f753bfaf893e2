/**
 * User control messages. RTMP 1.0 §6.2 and §7.1.7. Layout: event type 16 | event data.
 *
 * @module
 */
import { concatBytes, copyBytes, readU16, readU32, writeU16, writeU32 } from '../bytes/index.ts'
import { DecodeError } from '../errors/index.ts'

/** Event types of a user control message, RTMP 1.0 §7.1.7. */
export const USER_CONTROL_STREAM_BEGIN = 0
/** The stream has no more data. */
export const USER_CONTROL_STREAM_EOF = 1
/** The stream has no data at present. */
export const USER_CONTROL_STREAM_DRY = 2
/** The client's buffer length. */
export const USER_CONTROL_SET_BUFFER_LENGTH = 3
/** The stream is a recorded one. */
export const USER_CONTROL_STREAM_IS_RECORDED = 4
/** The receiver is to answer with a ping response. */
export const USER_CONTROL_PING_REQUEST = 6
/** Answer to a ping request. */
export const USER_CONTROL_PING_RESPONSE = 7

/** A user control event that names a message stream. */
export interface UserControlStreamEvent {
  /** What happened to the stream. */
  readonly type: 'streamBegin' | 'streamEof' | 'streamDry' | 'streamIsRecorded'
  /** The message stream it happened to; u32. */
  readonly messageStreamId: number
}

/** The client says how much it buffers, before it starts to play. */
export interface UserControlBufferLengthEvent {
  /** Discriminant. */
  readonly type: 'setBufferLength'
  /** The message stream that is buffered; u32. */
  readonly messageStreamId: number
  /** Length of the client's buffer in ms; u32. */
  readonly bufferLengthMs: number
}

/** A ping or its answer. */
export interface UserControlPingEvent {
  /** Request, or response to one. */
  readonly type: 'pingRequest' | 'pingResponse'
  /** The requester's clock in ms, echoed by the response; u32. */
  readonly timestamp: number
}

/**
 * An event type beyond RTMP 1.0, such as 0x1A (SWF verification) or 31 and 32 (buffer empty and ready), or a
 * known one whose data is too short. Never an error: encoders send undocumented ones and continue.
 */
export interface UserControlUnknownEvent {
  /** Discriminant. */
  readonly type: 'unknown'
  /** The event type on the wire; u16. */
  readonly eventType: number
  /** The event data as it came. */
  readonly data: Uint8Array
}

/** What a user control message says. */
export type UserControlEvent =
  | UserControlStreamEvent
  | UserControlBufferLengthEvent
  | UserControlPingEvent
  | UserControlUnknownEvent

/**
 * Decodes the body of a user control message. Surplus bytes are ignored.
 * @throws {@link DecodeError} `ERR_RTMP_MESSAGE_SHORT` when even the event type is missing.
 */
export function decodeUserControl(body: Uint8Array): UserControlEvent {
  if (body.length < 2) {
    throw new DecodeError('ERR_RTMP_MESSAGE_SHORT', `user control message of ${body.length} bytes, 2 needed`)
  }
  const eventType = readU16(body, 0)
  const dataBytes = body.length - 2
  if (eventType === USER_CONTROL_SET_BUFFER_LENGTH && dataBytes >= 8) {
    return {
      type: 'setBufferLength',
      messageStreamId: readU32(body, 2),
      bufferLengthMs: readU32(body, 6),
    }
  }
  const streamEvent = STREAM_EVENTS[eventType]
  if (streamEvent !== undefined && dataBytes >= 4)
    return { type: streamEvent, messageStreamId: readU32(body, 2) }
  const pingEvent = PING_EVENTS[eventType]
  if (pingEvent !== undefined && dataBytes >= 4) return { type: pingEvent, timestamp: readU32(body, 2) }
  return { type: 'unknown', eventType, data: copyBytes(body.subarray(2)) }
}

/** Encodes `event` as the body of a user control message. */
export function encodeUserControl(event: UserControlEvent): Uint8Array {
  switch (event.type) {
    case 'streamBegin':
      return eventBytes(USER_CONTROL_STREAM_BEGIN, event.messageStreamId)
    case 'streamEof':
      return eventBytes(USER_CONTROL_STREAM_EOF, event.messageStreamId)
    case 'streamDry':
      return eventBytes(USER_CONTROL_STREAM_DRY, event.messageStreamId)
    case 'streamIsRecorded':
      return eventBytes(USER_CONTROL_STREAM_IS_RECORDED, event.messageStreamId)
    case 'setBufferLength':
      return eventBytes(USER_CONTROL_SET_BUFFER_LENGTH, event.messageStreamId, event.bufferLengthMs)
    case 'pingRequest':
      return eventBytes(USER_CONTROL_PING_REQUEST, event.timestamp)
    case 'pingResponse':
      return eventBytes(USER_CONTROL_PING_RESPONSE, event.timestamp)
    case 'unknown':
      return concatBytes([eventBytes(event.eventType), event.data])
    default: {
      const never: never = event
      return never
    }
  }
}

const STREAM_EVENTS: Readonly<Record<number, UserControlStreamEvent['type']>> = {
  [USER_CONTROL_STREAM_BEGIN]: 'streamBegin',
  [USER_CONTROL_STREAM_EOF]: 'streamEof',
  [USER_CONTROL_STREAM_DRY]: 'streamDry',
  [USER_CONTROL_STREAM_IS_RECORDED]: 'streamIsRecorded',
}

const PING_EVENTS: Readonly<Record<number, UserControlPingEvent['type']>> = {
  [USER_CONTROL_PING_REQUEST]: 'pingRequest',
  [USER_CONTROL_PING_RESPONSE]: 'pingResponse',
}

function eventBytes(eventType: number, ...words: readonly number[]): Uint8Array {
  const out = new Uint8Array(2 + 4 * words.length)
  writeU16(out, 0, eventType)
  words.forEach((word, i) => writeU32(out, 2 + 4 * i, word))
  return out
}
