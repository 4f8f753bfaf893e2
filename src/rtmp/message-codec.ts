/**
 * Messages of the chunk stream ↔ {@link RtmpMessage}.
 *
 * @module
 */
import {
  amf3DataToAmf0,
  decodeAmf0,
  encodeAmf0,
  type Amf0DecodeOptions,
  type Amf0Value,
} from '../amf0/index.ts'
import { readU32, writeU32 } from '../bytes/index.ts'
import {
  MESSAGE_TYPE_ABORT,
  MESSAGE_TYPE_ACKNOWLEDGEMENT,
  MESSAGE_TYPE_AGGREGATE,
  MESSAGE_TYPE_AUDIO,
  MESSAGE_TYPE_COMMAND_AMF0,
  MESSAGE_TYPE_COMMAND_AMF3,
  MESSAGE_TYPE_DATA_AMF0,
  MESSAGE_TYPE_DATA_AMF3,
  MESSAGE_TYPE_SET_CHUNK_SIZE,
  MESSAGE_TYPE_SET_PEER_BANDWIDTH,
  MESSAGE_TYPE_SHARED_OBJECT_AMF0,
  MESSAGE_TYPE_SHARED_OBJECT_AMF3,
  MESSAGE_TYPE_USER_CONTROL,
  MESSAGE_TYPE_VIDEO,
  MESSAGE_TYPE_WINDOW_ACKNOWLEDGEMENT_SIZE,
  type ChunkMessage,
} from '../chunk/index.ts'
import { DecodeError } from '../errors/index.ts'
import type { PacketKind } from '../media/index.ts'
import {
  AUDIO_CHUNK_STREAM_ID,
  CONNECTION_CHUNK_STREAM_ID,
  CONTROL_CHUNK_STREAM_ID,
  STREAM_CHUNK_STREAM_ID,
  VIDEO_CHUNK_STREAM_ID,
} from './chunk-stream-ids.ts'
import type { CommandMessage, DataMessage, RtmpMessage } from './rtmp-message.ts'
import { decodeUserControl, encodeUserControl } from './user-control.ts'

/**
 * Decodes a message of the chunk stream. Bodies are referenced, not copied.
 * @param message - as the chunk decoder returns it.
 * @param options - bounds for AMF0 values.
 * @throws {@link DecodeError} `ERR_RTMP_MESSAGE_SHORT` if a control message lacks its fields,
 * `ERR_RTMP_COMMAND_NAME` if a command does not begin with its name, or what `decodeAmf0` throws.
 */
export function decodeRtmpMessage(message: ChunkMessage, options?: Amf0DecodeOptions): RtmpMessage {
  const { messageTypeId, timestamp, messageStreamId, body } = message
  switch (messageTypeId) {
    case MESSAGE_TYPE_SET_CHUNK_SIZE:
      return { type: 'setChunkSize', chunkSize: controlWord(body, 4) & 0x7fff_ffff }
    case MESSAGE_TYPE_ABORT:
      return { type: 'abort', chunkStreamId: controlWord(body, 4) }
    case MESSAGE_TYPE_ACKNOWLEDGEMENT:
      return { type: 'acknowledgement', sequenceNumber: controlWord(body, 4) }
    case MESSAGE_TYPE_USER_CONTROL:
      return { type: 'userControl', event: decodeUserControl(body) }
    case MESSAGE_TYPE_WINDOW_ACKNOWLEDGEMENT_SIZE:
      return { type: 'windowAcknowledgementSize', windowBytes: controlWord(body, 4) }
    case MESSAGE_TYPE_SET_PEER_BANDWIDTH:
      return { type: 'setPeerBandwidth', windowBytes: controlWord(body, 5), limitType: body[4]! }
    case MESSAGE_TYPE_AUDIO:
      return { type: 'audio', timestamp, messageStreamId, body }
    case MESSAGE_TYPE_VIDEO:
      return { type: 'video', timestamp, messageStreamId, body }
    case MESSAGE_TYPE_DATA_AMF0:
      return decodeData(timestamp, messageStreamId, body, options)
    case MESSAGE_TYPE_DATA_AMF3:
      return decodeData(timestamp, messageStreamId, amf3DataToAmf0(body, options), options)
    case MESSAGE_TYPE_COMMAND_AMF0:
      return decodeCommand(timestamp, messageStreamId, body, options)
    case MESSAGE_TYPE_COMMAND_AMF3:
      return decodeCommand(timestamp, messageStreamId, skipFormatByte(body), options)
    case MESSAGE_TYPE_AGGREGATE:
      return { type: 'aggregate', timestamp, messageStreamId, body }
    case MESSAGE_TYPE_SHARED_OBJECT_AMF0:
    case MESSAGE_TYPE_SHARED_OBJECT_AMF3:
      return { type: 'sharedObject', messageTypeId, timestamp, messageStreamId, body }
    default:
      return { type: 'unknown', messageTypeId, timestamp, messageStreamId, body }
  }
}

/** Encodes `message` for the chunk stream, on the chunk stream id that its type is sent on. */
export function encodeRtmpMessage(message: RtmpMessage): ChunkMessage {
  switch (message.type) {
    case 'setChunkSize':
      return control(MESSAGE_TYPE_SET_CHUNK_SIZE, word(message.chunkSize))
    case 'abort':
      return control(MESSAGE_TYPE_ABORT, word(message.chunkStreamId))
    case 'acknowledgement':
      return control(MESSAGE_TYPE_ACKNOWLEDGEMENT, word(message.sequenceNumber))
    case 'userControl':
      return control(MESSAGE_TYPE_USER_CONTROL, encodeUserControl(message.event))
    case 'windowAcknowledgementSize':
      return control(MESSAGE_TYPE_WINDOW_ACKNOWLEDGEMENT_SIZE, word(message.windowBytes))
    case 'setPeerBandwidth': {
      const body = new Uint8Array(5)
      writeU32(body, 0, message.windowBytes) // Acknowledgement Window size
      body[4] = message.limitType // Limit Type
      return control(MESSAGE_TYPE_SET_PEER_BANDWIDTH, body)
    }
    case 'audio':
      return onStream(AUDIO_CHUNK_STREAM_ID, MESSAGE_TYPE_AUDIO, message)
    case 'video':
      return onStream(VIDEO_CHUNK_STREAM_ID, MESSAGE_TYPE_VIDEO, message)
    case 'data':
      return onStream(STREAM_CHUNK_STREAM_ID, MESSAGE_TYPE_DATA_AMF0, message)
    case 'command':
      return {
        chunkStreamId: message.messageStreamId === 0 ? CONNECTION_CHUNK_STREAM_ID : STREAM_CHUNK_STREAM_ID,
        timestamp: 0,
        messageTypeId: MESSAGE_TYPE_COMMAND_AMF0,
        messageStreamId: message.messageStreamId,
        body: encodeAmf0(message.name, message.transactionId, message.commandObject, ...message.args),
      }
    case 'aggregate':
      return onStream(VIDEO_CHUNK_STREAM_ID, MESSAGE_TYPE_AGGREGATE, message)
    case 'sharedObject':
    case 'unknown':
      return onStream(CONNECTION_CHUNK_STREAM_ID, message.messageTypeId, message)
    default: {
      const never: never = message
      return never
    }
  }
}

/** A data message of `values`, such as `('onMetaData', { width: 1280 })`. */
export function dataMessage(
  messageStreamId: number,
  timestamp: number,
  values: readonly Amf0Value[],
): DataMessage {
  return { type: 'data', timestamp, messageStreamId, values, body: encodeAmf0(...values) }
}

/**
 * A media message for the chunk stream, of a packet's kind, time (ms, of which the low 32 bits are sent) and
 * body.
 */
export function mediaMessage(
  kind: PacketKind,
  dts: number,
  messageStreamId: number,
  body: Uint8Array,
): ChunkMessage {
  const timestamp = dts >>> 0
  switch (kind) {
    case 'audio':
      return {
        chunkStreamId: AUDIO_CHUNK_STREAM_ID,
        timestamp,
        messageTypeId: MESSAGE_TYPE_AUDIO,
        messageStreamId,
        body,
      }
    case 'video':
      return {
        chunkStreamId: VIDEO_CHUNK_STREAM_ID,
        timestamp,
        messageTypeId: MESSAGE_TYPE_VIDEO,
        messageStreamId,
        body,
      }
    case 'data':
      return {
        chunkStreamId: STREAM_CHUNK_STREAM_ID,
        timestamp,
        messageTypeId: MESSAGE_TYPE_DATA_AMF0,
        messageStreamId,
        body,
      }
    default: {
      const never: never = kind
      return never
    }
  }
}

/**
 * Whether this is the 4-byte "timecode" that some FFmpeg builds send as data or command: not AMF, to be
 * dropped.
 */
export function isFfmpegTimecode(message: ChunkMessage): boolean {
  return (
    message.body.length === 4 &&
    message.body[0] === 0 &&
    (message.messageTypeId === MESSAGE_TYPE_DATA_AMF0 ||
      message.messageTypeId === MESSAGE_TYPE_DATA_AMF3 ||
      message.messageTypeId === MESSAGE_TYPE_COMMAND_AMF0 ||
      message.messageTypeId === MESSAGE_TYPE_COMMAND_AMF3)
  )
}

// Data handlers that arrive as commands (type 20) from encoders that mix up the two types (HaishinKit).
const DATA_NAMES: ReadonlySet<string> = new Set(['@setDataFrame', '@clearDataFrame', 'onMetaData'])

function decodeCommand(
  timestamp: number,
  messageStreamId: number,
  body: Uint8Array,
  options: Amf0DecodeOptions | undefined,
): CommandMessage | DataMessage {
  const values = decodeAmf0(body, options)
  const name = values[0]
  if (typeof name !== 'string') {
    throw new DecodeError(
      'ERR_RTMP_COMMAND_NAME',
      `command of ${body.length} bytes does not begin with a name`,
    )
  }
  if (DATA_NAMES.has(name)) return { type: 'data', timestamp, messageStreamId, values, body }
  const transactionId = values[1]
  // A missing number shifts the rest to the left: `onFCPublish` of old encoders, custom calls.
  const numbered = typeof transactionId === 'number'
  const rest = numbered ? 2 : 1
  return {
    type: 'command',
    messageStreamId,
    name,
    transactionId: numbered && Number.isFinite(transactionId) ? transactionId : 0,
    commandObject: values.length > rest ? values[rest] : null,
    args: values.slice(rest + 1),
  }
}

function decodeData(
  timestamp: number,
  messageStreamId: number,
  body: Uint8Array,
  options: Amf0DecodeOptions | undefined,
): DataMessage {
  return { type: 'data', timestamp, messageStreamId, values: decodeAmf0(body, options), body }
}

function skipFormatByte(body: Uint8Array): Uint8Array {
  return body[0] === 0 ? body.subarray(1) : body
}

function controlWord(body: Uint8Array, needed: number): number {
  if (body.length < needed) {
    throw new DecodeError(
      'ERR_RTMP_MESSAGE_SHORT',
      `control message of ${body.length} bytes, ${needed} needed`,
    )
  }
  return readU32(body, 0)
}

function word(value: number): Uint8Array {
  const out = new Uint8Array(4)
  writeU32(out, 0, value)
  return out
}

function control(messageTypeId: number, body: Uint8Array): ChunkMessage {
  return { chunkStreamId: CONTROL_CHUNK_STREAM_ID, timestamp: 0, messageTypeId, messageStreamId: 0, body }
}

function onStream(
  chunkStreamId: number,
  messageTypeId: number,
  message: { readonly timestamp: number; readonly messageStreamId: number; readonly body: Uint8Array },
): ChunkMessage {
  return {
    chunkStreamId,
    timestamp: message.timestamp,
    messageTypeId,
    messageStreamId: message.messageStreamId,
    body: message.body,
  }
}
