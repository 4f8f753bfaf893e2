/**
 * What a server says to an {@link RtmpClient} beside media.
 *
 * @module
 */
import type { AnnouncerEvents } from '../../hub/index.ts'
import type {
  ClientConnectedEvent,
  ClientReconnectRequestEvent,
  ClientStatusEvent,
  RtmpCommandEvent,
  RtmpDataEvent,
  RtmpReplyEvent,
  RtmpUnknownEvent,
} from '../../rtmp/index.ts'

/**
 * Facts that an {@link RtmpClient} announces. What the server said until the client was handed over, from its answer to `connect` on,
 * comes in the turn of the event loop after that, the first 64 facts of it: listen before the next `await`.
 */
export interface RtmpClientEvents extends AnnouncerEvents {
  /** The server accepted `connect`. Comes once. */
  connected: (event: ClientConnectedEvent) => void
  /** A status, such as `NetStream.Play.Reset`; also one that ends the connection. */
  status: (event: ClientStatusEvent) => void
  /**
   * A command of the server. One that is not `handled` and has a transaction id may be answered by `reply`, `replyError` or `deferReply` of
   * {@link RtmpClient.session}; otherwise the answer is an empty `_result`, as it was for those from before the client was handed over.
   */
  command: (event: RtmpCommandEvent) => void
  /** An answer that no {@link RtmpClient.call} waits for: to a call of {@link RtmpClient.session}, or one that came too late. */
  reply: (event: RtmpReplyEvent) => void
  /** A data message that is no part of the stream, such as `|RtmpSampleAccess`. What belongs to the stream is among its packets. */
  data: (event: RtmpDataEvent) => void
  /** A message that the session has no use for, such as that of a shared object. */
  unknown: (event: RtmpUnknownEvent) => void
  /**
   * The server asks for a new connection, as before a restart (Enhanced RTMP v2, "Reconnect Request"); it serves this one until it is
   * closed. Nothing happens by itself.
   */
  reconnectRequest: (event: ClientReconnectRequestEvent) => void
}
