/**
 * The classes that a newcomer composes, in one place. Every folder of `src/` is an entry point of its own (`millrace/hub`,
 * `millrace/chunk` …) with everything else; the folders up to `hub` also run in a browser, this module needs Node.
 *
 * - {@link Hub}: streams by name, and who may publish and play them. {@link Source} is one stream.
 * - {@link RtmpServer}, {@link LiveHandler} and {@link HlsHandler}: the doors, {@link HttpServer} the port of the latter two. {@link RtmpClient} goes through those of others.
 * - {@link MediaPacket}: what travels through all of them.
 * - {@link FlvDemuxer}, {@link FlvMuxer}, {@link TsDemuxer}, {@link TsMuxer}, {@link Segmenter} and {@link HlsPlaylist}: files and streams.
 * - {@link RtmpServerSession} and {@link RtmpClientSession}: RTMP without sockets, for tests and transports of your own.
 *
 * @example RTMP in, HTTP-FLV and HLS out
 * ```ts
 * import { HlsHandler, HttpServer, Hub, LiveHandler, RtmpServer } from 'millrace'
 *
 * const hub = new Hub()
 * await new RtmpServer({ hub }).listen({ port: 1935 })
 * const http = new HttpServer({ handlers: [new HlsHandler({ hub }), new LiveHandler({ hub })] })
 * await http.listen({ port: 8080 })
 * ```
 *
 * @module millrace
 * @group Overview
 */
export { DecodeError, type ErrorCode, LimitError, MediaError, ProtocolError } from './errors/index.ts'
export { MediaPacket, packetFromTag } from './media/index.ts'
export { FLV_VIEW, FlvDemuxer, FlvMuxer } from './flv/index.ts'
export { TS_VIEW, TsDemuxer, TsMuxer } from './mpegts/index.ts'
export { RTMP_VIEW, RtmpClientSession, RtmpServerSession } from './rtmp/index.ts'
export { HlsPlaylist } from './hls/index.ts'
export { Segmenter } from './segment/index.ts'
export {
  accept,
  type AccessDecision,
  type AccessRequest,
  type Authorize,
  Consumer,
  Hub,
  type HubOptions,
  Player,
  Publisher,
  redirect,
  reject,
  type Sink,
  Source,
  VirtualClock,
} from './hub/index.ts'
export {
  duplexPair,
  type HttpHandler,
  HttpServer,
  LiveHandler,
  RtmpClient,
  RtmpServer,
} from './node/index.ts'
export {
  DirectorySegmentStore,
  HlsHandler,
  MemorySegmentStore,
  type SegmentStore,
} from './packaging/index.ts'
