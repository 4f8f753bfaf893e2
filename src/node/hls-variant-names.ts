/**
 * Which streams are variants of one, and what they are called.
 *
 * @module
 */
import type { Hub, Source } from '../hub/index.ts'

/**
 * Names the variants of a stream, best first for players that begin with the first:
 *
 * - a list of suffixes of its name, where `''` is the stream itself: `['', '_720p', '_480p']`;
 * - a function from its path to the paths of all of them, itself included if it is one; none when it has no variants. It is asked
 *   again every second while there are viewers.
 *
 * Streams that are not there are left out until they come.
 */
export type HlsVariants = readonly string[] | ((streamPath: string) => readonly string[] | undefined)

/** A stream that is one variant of another. */
export interface NamedVariant {
  /** What it is called in URLs: `720p` for `/live/show_720p` of `/live/show`, `source` for the stream itself. */
  readonly name: string
  /** Its path in the hub. */
  readonly streamPath: string
}

/** The variants of a stream; `undefined` when it stands for itself. */
export function variantsOf(
  variants: HlsVariants | undefined,
  streamPath: string,
): readonly NamedVariant[] | undefined {
  if (variants === undefined) return undefined
  const paths =
    typeof variants === 'function'
      ? (variants(streamPath) ?? [])
      : variants.map((suffix) => `${streamPath}${suffix}`)
  if (paths.length === 0) return undefined
  const taken = new Set<string>()
  return Array.from(new Set(paths), (path) => {
    const name = variantName(streamPath, path)
    // Two streams of one name in different applications.
    const free = taken.has(name) ? `${name}-${taken.size}` : name
    taken.add(free)
    return { name: free, streamPath: path }
  })
}

/** The stream that `streamPath` is a variant of by its suffix: the longest one that fits; itself if there is none. */
export function streamOfVariant(variants: HlsVariants, streamPath: string): string {
  if (typeof variants === 'function') return streamPath
  const name = streamPath.slice(streamPath.lastIndexOf('/') + 1)
  const fitting = variants.filter((suffix) => suffix.length < name.length && name.endsWith(suffix))
  const longest = fitting.toSorted((a, b) => b.length - a.length)[0] ?? ''
  return streamPath.slice(0, streamPath.length - longest.length)
}

/** The first of `variants` that is there; else the first that comes while the hub waits for them. Never rejects. */
export async function findVariant(
  hub: Hub,
  variants: readonly NamedVariant[],
  signal: AbortSignal,
): Promise<Source | undefined> {
  for (const { streamPath } of variants) {
    const present = hub.source(streamPath)
    if (present !== undefined) return present
  }
  const found = new AbortController()
  const stop = (): void => found.abort()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    return await Promise.any(
      variants.map(async ({ streamPath }) => {
        const source = await hub.findSource(streamPath, found.signal)
        if (source === undefined) throw new Error('not there')
        return source
      }),
    )
  } catch {
    return undefined
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

function variantName(streamPath: string, path: string): string {
  if (path === streamPath) return 'source'
  const suffix = path.startsWith(streamPath) ? path.slice(streamPath.length) : ''
  const name = suffix.replace(/^[^\p{L}\p{N}]+/u, '')
  return name === '' || name.includes('/') ? path.slice(path.lastIndexOf('/') + 1) : name
}
