/**
 * What a stream may be called: one rule for all doors, for admission and for {@link Hub.publish}.
 *
 * @module
 */
import { utf8Length } from '../bytes/index.ts'

/** `/app/name`. The application may have slashes inside; {@link streamPathFault} says what else holds. */
export type StreamPath = `/${string}`

/** Longest application and longest stream name, UTF-8 bytes. */
export const MAX_NAME_BYTES = 256

/**
 * White space and `?` and `#` do not get through every door; control characters and half surrogate pairs are text in no protocol.
 */
const FORBIDDEN = /[\s?#\p{Cc}\p{Cs}]/u

/**
 * Why `path` cannot be the path of a stream, or `undefined` if it can.
 *
 * It has an application and a name, each of up to `maxNameBytes`, with single slashes between its parts. No part is `.` or `..`, which URLs
 * drop. There is no white space, which {@link plainStreamPath} drops, no `?` or `#`, behind which a query begins, no control character and
 * no half of a surrogate pair.
 *
 * @param maxNameBytes - longest application and longest name, UTF-8 bytes. @defaultValue 256
 */
export function streamPathFault(path: string, maxNameBytes: number = MAX_NAME_BYTES): string | undefined {
  const { app, streamName } = splitStreamPath(path)
  // The lengths first: what follows takes time for each character.
  if (isLonger(streamName, maxNameBytes)) return `the stream name is longer than ${maxNameBytes} bytes`
  if (isLonger(app, maxNameBytes)) return `the application is longer than ${maxNameBytes} bytes`
  const [start, ...parts] = path.split('/')
  if (parts.at(-1) === '') return 'no stream name'
  if (start !== '' || parts.length < 2 || parts.includes('')) return 'not /app/name'
  if (parts.some((part) => part === '.' || part === '..')) return 'a name is . or ..'
  return FORBIDDEN.test(path) ? 'a name has white space, ?, # or control characters' : undefined
}

/**
 * The spelling that all doors have for a path: without white space, and with single slashes. An encoder that is set up as `my show` and
 * a player that asks for `my%20show` mean the same stream.
 */
export function plainStreamPath(path: string): StreamPath {
  const parts = path.replaceAll(/\s/g, '').split('/')
  return `/${parts.filter((part) => part !== '').join('/')}`
}

/** The two parts of a stream path. */
export interface SplitStreamPath {
  /** Without the slash in front; may have slashes inside. */
  readonly app: string
  /** What follows the last slash. */
  readonly streamName: string
}

/** Splits a path into its application, which may have slashes inside, and its name: `live/eu` and `show` for `/live/eu/show`. */
export function splitStreamPath(path: string): SplitStreamPath {
  const slash = path.lastIndexOf('/')
  return { app: path.slice(1, Math.max(1, slash)), streamName: path.slice(slash + 1) }
}

/** The start of a text that a peer may have made long, in quotes, for messages. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text)
}

function isLonger(name: string, maxBytes: number): boolean {
  // Each UTF-16 unit is a byte or more.
  return name.length > maxBytes || utf8Length(name) > maxBytes
}
