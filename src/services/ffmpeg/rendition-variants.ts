/**
 * Renditions as variants of their original, for HLS.
 *
 * @module
 */
import type { Hub, Source } from '../../hub/index.ts'
import type { HlsVariantRule } from '../../packaging/index.ts'
import { TranscodedStream } from './transcoded-stream.ts'

/**
 * For the `variants` of an `HlsHandler`: the renditions that a {@link Transcoder} makes in a hub are the
 * variants of their original, in the order in which they came. The original is not included: its keyframes
 * are elsewhere. An output that copies video is.
 *
 * @example
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { HlsHandler } from 'millrace/packaging'
 * import { renditionVariants } from 'millrace/services/ffmpeg'
 *
 * const hub = new Hub()
 * const hls = new HlsHandler({ hub, variants: renditionVariants(hub) })
 * ```
 */
export function renditionVariants(hub: Hub): HlsVariantRule {
  return {
    variantsOf: (streamPath) =>
      Array.from(hub.sources)
        .filter((source) => originalOf(source) === streamPath)
        .map((source) => source.streamPath),
    streamOf: originalOf,
  }
}

function originalOf({ lastPublisher }: Source): string | undefined {
  const rendition = lastPublisher?.userData
  return rendition instanceof TranscodedStream ? rendition.of : undefined
}
