/**
 * How players of every HTTP protocol are let in: the hub, its decision, then the source.
 *
 * @module
 */
import {
  type AccessAccept,
  type AccessRequest,
  type Hub,
  type HubResolver,
  reject,
  renameRequest,
  type Source,
  type StreamPath,
} from '../../hub/index.ts'
import { resolveHub } from '../../hub/internal.ts'
import { type CorsOptions, type HttpReply, refusalReply, textReply } from './http-reply.ts'

/** A request that was let in, with what to play. */
export interface Admitted {
  /** What was asked for. */
  readonly request: AccessRequest
  /** Where it is. */
  readonly hub: Hub
  /** Its path in the hub, which admission may have changed. */
  readonly streamPath: StreamPath
  /** What to play; open. */
  readonly source: Source
  /** The decision. Whoever is given it tells its `onEnd`. */
  readonly decision: AccessAccept
}

/** The answer for a stream that is not there. */
export function notFoundReply(cors: CorsOptions): HttpReply {
  return refusalReply(reject('no such stream', { notFound: true }), cors)
}

/** Finds what to play for a stream path; `undefined` when it is not there. Never rejects. */
export type FindSource = (
  hub: Hub,
  streamPath: StreamPath,
  signal: AbortSignal,
) => Promise<Source | undefined>

const findByPath: FindSource = (hub, streamPath, signal) => hub.findSource(streamPath, signal)

/**
 * Lets a player in, or says what to answer instead. Rejects only when the application's own functions do.
 * @param signal - aborts when the player has gone, or when nobody is let in any more.
 * @param find - how the source is found. @defaultValue by the hub
 */
export async function admitPlayer(
  resolver: HubResolver,
  request: AccessRequest,
  signal: AbortSignal,
  cors: CorsOptions,
  find: FindSource = findByPath,
): Promise<Admitted | HttpReply> {
  const hub = resolveHub(resolver, request)
  if (hub === undefined) return notFoundReply(cors)
  const decision = await hub.authorize(request, signal)
  if (decision.type !== 'accept') return signal.aborted ? closingReply(cors) : refusalReply(decision, cors)
  let isIn = false
  try {
    const streamPath = decision.streamPath ?? request.streamPath
    const source = await find(hub, streamPath, signal)
    if (signal.aborted) return closingReply(cors)
    // It may have closed between its publish and this turn.
    if (source === undefined || source.closed) {
      hub.failed(renameRequest(request, streamPath), 'no such stream')
      return notFoundReply(cors)
    }
    isIn = true
    return { request, hub, streamPath, source, decision }
  } finally {
    if (!isIn) decision.onEnd?.()
  }
}

/** The answer while the door is being shut. */
export function closingReply(cors: CorsOptions): HttpReply {
  return textReply(503, 'closing', cors, { 'Retry-After': '10' })
}
