/**
 * What the chunk stream carries: RTMP messages, before anyone looks into their bodies. RTMP 1.0 §5.1, §5.4,
 * §6.1, §7.1.
 *
 * @module
 */

/** One complete RTMP message. */
export interface ChunkMessage {
  /** Chunk stream id (csid) it travels on, 2 to 65599. */
  readonly chunkStreamId: number
  /** Milliseconds, u32: wraps to 0 after 49.7 days. Deltas of the wire are already added up. */
  readonly timestamp: number
  /** What the body is, 0 to 255: one of the `MESSAGE_TYPE_*` values, or anything else a peer sends. */
  readonly messageTypeId: number
  /** Message stream id, u32: 0 for the connection itself. */
  readonly messageStreamId: number
  /**
   * The body, at most 16,777,215 bytes. A decoded one is immutable and stays valid: keep it, do not write to
   * it.
   */
  readonly body: Uint8Array
}

/** Set Chunk Size (RTMP 1.0 §5.4.1): u32. */
export const MESSAGE_TYPE_SET_CHUNK_SIZE = 1
/** Abort Message (§5.4.2): u32 chunk stream id. */
export const MESSAGE_TYPE_ABORT = 2
/** Acknowledgement (§5.4.3): u32 sequence number. */
export const MESSAGE_TYPE_ACKNOWLEDGEMENT = 3
/** User Control Message (§6.2): u16 event type, event data. */
export const MESSAGE_TYPE_USER_CONTROL = 4
/** Window Acknowledgement Size (§5.4.4): u32. */
export const MESSAGE_TYPE_WINDOW_ACKNOWLEDGEMENT_SIZE = 5
/** Set Peer Bandwidth (§5.4.5): u32, limit type u8. */
export const MESSAGE_TYPE_SET_PEER_BANDWIDTH = 6
/** Audio Message (§7.1.4): the body of an FLV audio tag. */
export const MESSAGE_TYPE_AUDIO = 8
/** Video Message (§7.1.5): the body of an FLV video tag. */
export const MESSAGE_TYPE_VIDEO = 9
/** Data Message in AMF3 (§7.1.2). */
export const MESSAGE_TYPE_DATA_AMF3 = 15
/** Shared Object Message in AMF3 (§7.1.3). */
export const MESSAGE_TYPE_SHARED_OBJECT_AMF3 = 16
/** Command Message in AMF3 (§7.1.1). */
export const MESSAGE_TYPE_COMMAND_AMF3 = 17
/** Data Message in AMF0 (§7.1.2). */
export const MESSAGE_TYPE_DATA_AMF0 = 18
/** Shared Object Message in AMF0 (§7.1.3). */
export const MESSAGE_TYPE_SHARED_OBJECT_AMF0 = 19
/** Command Message in AMF0 (§7.1.1). */
export const MESSAGE_TYPE_COMMAND_AMF0 = 20
/** Aggregate Message (§7.1.6): FLV tags back to back. */
export const MESSAGE_TYPE_AGGREGATE = 22
