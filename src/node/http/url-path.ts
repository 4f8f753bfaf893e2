/**
 * Paths of URLs and the streams they mean.
 *
 * @module
 */
import { plainStreamPath, type StreamPath } from '../../hub/index.ts'

/** What a handler's `prefix` option stands for: a slash at its start, none at its end; `''` for none. */
export function pathPrefix(prefix = ''): string {
  const path = prefix
    .split('/')
    .filter((part) => part !== '')
    .join('/')
  return path === '' ? '' : `/${path}`
}

/** What follows a prefix that {@link pathPrefix} gave, in the spelling of all doors; `undefined` for a path that lies elsewhere. */
export function pathBehind(prefix: string, path: string): StreamPath | undefined {
  return path.startsWith(`${prefix}/`) ? plainStreamPath(path.slice(prefix.length)) : undefined
}

/** The path of a stream and what follows its last dot, lower case: `/live/show.FLV` is `/live/show` and `flv`. `path` is plain. */
export function splitExtension(
  path: string,
): { readonly streamPath: StreamPath; readonly extension: string } | undefined {
  const match = /^(.*[^/])\.([A-Za-z0-9]+)$/.exec(path)
  return match === null
    ? undefined
    : { streamPath: match[1] as StreamPath, extension: match[2]!.toLowerCase() }
}
