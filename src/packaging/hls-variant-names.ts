/**
 * Which streams are variants of one, and what they are called.
 *
 * @module
 */
import { type Hub, type Source, splitStreamPath, type StreamPath } from '../hub/index.ts'

/**
 * Names the variants of a stream, best first for players that begin with the first:
 *
 * - a list of suffixes of its name, where `''` is the stream itself: `['', '_720p', '_480p']`;
 * - a function from its path to the paths of all of them, itself included if it is one; none when it has no variants. It is asked
 *   again every second while there are viewers;
 * - such a function, and one that tells which stream a source is a variant of: mode `always` then packages it with that stream.
 *
 * Streams that are not there are left out until they come.
 */
export type HlsVariants = readonly string[] | HlsVariantRule['variantsOf'] | HlsVariantRule

/** Both directions of {@link HlsVariants}. */
export interface HlsVariantRule {
  /** The paths of all variants of a stream; none when it has no variants. */
  readonly variantsOf: (streamPath: string) => readonly string[] | undefined
  /** The path of the stream that a source is a variant of; `undefined` when it is none. */
  readonly streamOf: (source: Source) => string | undefined
}

/** A stream that is one variant of another. */
export interface NamedVariant {
  /** What it is called in URLs: `720p` for `/live/show_720p` of `/live/show`, `source` for the stream itself. */
  readonly name: string
  /** Its path in the hub. */
  readonly streamPath: StreamPath
}

/** {@link HlsVariants} in its one form. */
export function variantRule(variants: HlsVariants): HlsVariantRule {
  if (typeof variants === 'function') return { variantsOf: variants, streamOf: () => undefined }
  if ('variantsOf' in variants) return variants
  return {
    variantsOf: (streamPath) => variants.map((suffix) => `${streamPath}${suffix}`),
    streamOf: ({ streamPath }) => withoutSuffix(streamPath, variants),
  }
}

/** The variants that paths stand for; `undefined` when the stream stands for itself. */
export function namedVariants(
  { variantsOf }: HlsVariantRule,
  streamPath: string,
): readonly NamedVariant[] | undefined {
  const paths = variantsOf(streamPath) ?? []
  if (paths.length === 0) return undefined
  const taken = new Set<string>()
  return Array.from(new Set(paths), (path) => {
    const name = variantName(streamPath, path)
    // Two streams of one name in different applications.
    const free = taken.has(name) ? `${name}-${taken.size}` : name
    taken.add(free)
    // What is no path is that of no stream, and is never found.
    return { name: free, streamPath: path as StreamPath }
  })
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
  return name === '' || name.includes('/') ? splitStreamPath(path).streamName : name
}

/** Without the longest suffix that fits. */
function withoutSuffix(streamPath: string, suffixes: readonly string[]): string {
  const { streamName: name } = splitStreamPath(streamPath)
  const fitting = suffixes.filter((suffix) => suffix.length < name.length && name.endsWith(suffix))
  const longest = Math.max(0, ...fitting.map(({ length }) => length))
  return streamPath.slice(0, streamPath.length - longest)
}
