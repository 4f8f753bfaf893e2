/**
 * Which chunk stream carries what. {@link RTMP_VIEW} has 4, 6 and 7 to itself when it sends; fmt 0 on every
 * message keeps what else goes on them apart.
 *
 * @module
 */

/** Control messages. RTMP 1.0 §5.4 fixes it. */
export const CONTROL_CHUNK_STREAM_ID = 2
/** Commands of the connection. */
export const CONNECTION_CHUNK_STREAM_ID = 3
/** Data in shared batches. */
export const DATA_CHUNK_STREAM_ID = 4
/** Commands of a stream, and data to a single peer. */
export const STREAM_CHUNK_STREAM_ID = 5
/** Video. */
export const VIDEO_CHUNK_STREAM_ID = 6
/** Audio. */
export const AUDIO_CHUNK_STREAM_ID = 7
