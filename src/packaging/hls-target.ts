/**
 * What a path asks an HLS door for.
 *
 * @module
 */
import type { StreamPath } from '../hub/index.ts'
import { type HttpRequestFacts, pathBehind } from '../node/http/index.ts'

/** `/{app}/{name}.m3u8`. */
export interface HlsPlaylistTarget {
  /** Discriminant. */
  readonly type: 'playlist'
  /** The stream. */
  readonly streamPath: StreamPath
}

/** `/{app}/{name}/{N}.ts`, or `/{app}/{name}/{variant}/{N}.ts`. */
export interface HlsSegmentTarget {
  /** Discriminant. */
  readonly type: 'segment'
  /** The path of the stream, or that and the name of a variant. */
  readonly streamPath: StreamPath
  /** Number of the segment. */
  readonly sequence: number
}

/** What a path asks for. */
export type HlsTarget = HlsPlaylistTarget | HlsSegmentTarget

/**
 * What the path of a request asks for, behind `prefix`; `undefined` when it is none of HLS.
 * @param withSessions - whether segments have one. Without it such a path may as well be a live stream that is called by a number.
 */
export function hlsTarget(
  facts: HttpRequestFacts,
  prefix: string,
  withSessions: boolean,
): HlsTarget | undefined {
  const path = pathBehind(prefix, facts.path)
  if (path === undefined) return undefined
  const playlist = /^((?:\/[^/]+){2,})\.m3u8$/i.exec(path)
  if (playlist !== null) return { type: 'playlist', streamPath: playlist[1] as StreamPath }
  const segment = /^((?:\/[^/]+){2,})\/(\d{1,15})\.ts$/.exec(path)
  if (segment === null || (withSessions && facts.query['session'] === undefined)) return undefined
  return { type: 'segment', streamPath: segment[1] as StreamPath, sequence: Number(segment[2]) }
}

/** Whether a path that cannot be decoded is that of a playlist. */
export function isPlaylistPath(target: string, prefix: string): boolean {
  return target.startsWith(prefix) && /\.m3u8(\?|$)/i.test(target)
}
