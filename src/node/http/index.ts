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
export { HttpAdapter, type HttpAnswer, type HttpExchange } from './http-adapter.ts'
export {
  type CorsOptions,
  type HttpReply,
  closingReply,
  corsHeaders,
  headReply,
  notFoundReply,
  preflightReply,
  refusalReply,
  replyToMethod,
  sendReply,
  textReply,
} from './http-reply.ts'
export { type HttpRequestFacts, httpPlayRequest, nodeRequestFacts } from './http-request.ts'
export { HttpServer, type HttpServerEvents, type HttpServerOptions } from './http-server.ts'
export { LiveHandler, type LiveHandlerOptions } from './live-handler.ts'
export { HTTP_CHECKS } from './http-option-checks.ts'
export { pathBehind, pathPrefix, splitExtension } from './url-path.ts'
