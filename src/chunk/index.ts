/**
 * The RTMP chunk stream (RTMP 1.0 §5.3, §5.4.1, §5.4.2): messages cut into chunks that interleave on one
 * connection. It comes after the handshake and knows nothing of what the messages say.
 *
 * - {@link ChunkDecoder}: bytes in, {@link ChunkMessage} out.
 * - {@link ChunkEncoder}: {@link ChunkMessage} in, bytes out.
 * - {@link chunkedLength} and {@link writeChunkedMessage}: the encoder's work into an array of your own, for
 *   batches.
 *
 * @example
 * ```ts
 * import { ChunkDecoder, ChunkEncoder, MESSAGE_TYPE_AUDIO } from 'millrace/chunk'
 *
 * const bytes = new ChunkEncoder({ chunkSize: 128 }).encode({
 *   chunkStreamId: 7,
 *   timestamp: 40,
 *   messageTypeId: MESSAGE_TYPE_AUDIO,
 *   messageStreamId: 1,
 *   body: new Uint8Array(300),
 * })
 * const decoder = new ChunkDecoder()
 * decoder.push(bytes)
 * for (let message = decoder.read(); message !== undefined; message = decoder.read()) {
 *   console.log(message.messageTypeId, message.timestamp, message.body.length) // 8 40 300
 * }
 * ```
 *
 * @module chunk
 * @group Protocols
 */
export { ChunkDecoder, type ChunkDecoderOptions, DEFAULT_MAX_ASSEMBLING_BYTES } from './chunk-decoder.ts'
export {
  ChunkEncoder,
  chunkedLength,
  type ChunkEncoderOptions,
  writeChunkedMessage,
} from './chunk-encoder.ts'
export {
  DEFAULT_CHUNK_SIZE,
  MAX_CHUNK_SIZE,
  MAX_CHUNK_STREAM_ID,
  MIN_CHUNK_STREAM_ID,
} from './chunk-header.ts'
export {
  type ChunkMessage,
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
} from './chunk-message.ts'
