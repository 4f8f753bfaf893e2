/**
 * HTTP: requests and replies, the live handler and the HTTP-FLV client.
 *
 * @module node/http
 * @group Node
 */
export type { TrustProxyOptions } from './forwarded-client.ts'
export type { HttpFlvClientEnd, HttpFlvClientOptions } from './http-flv-client-options.ts'
export { HttpFlvClient } from './http-flv-client.ts'
export type { HttpHandler } from './http-handler.ts'
export { inTurn } from './http-pipeline.ts'
export {
  type CorsOptions,
  type HttpReply,
  closingReply,
  corsHeaders,
  notFoundReply,
  preflightReply,
  refusalReply,
  replyToMethod,
  sendReply,
  textReply,
  toFetchResponse,
} from './http-reply.ts'
export {
  type HttpRequestFacts,
  fetchRequestFacts,
  httpPlayRequest,
  nodeRequestFacts,
  pathBehind,
  pathPrefix,
  splitExtension,
  whenOver,
} from './http-request.ts'
export { HttpServer, type HttpServerEvents, type HttpServerOptions } from './http-server.ts'
export { LiveHandler, type LiveHandlerOptions } from './live-handler.ts'
export { HTTP_CHECKS } from './http-option-checks.ts'
