/**
 * Why a stream that is there has no first segment.
 *
 * @module
 */
import type { PackagedStream } from './packaged-stream.ts'

/** For the viewer and the log; what is known best comes first. */
export function hlsObstacle({ source, unsupportedCodecs }: PackagedStream): string {
  if (source.publisher === undefined) return 'the publisher is away'
  if (source.audioCodec === '' && source.videoCodec === '')
    return 'the publisher has sent no audio or video yet'
  const { video } = source.configuration
  if (video.length > 0 && source.log.start() === undefined && !unsupportedCodecs.has(source.videoCodec)) {
    return 'no keyframe of the video has come yet'
  }
  if (unsupportedCodecs.size > 0) {
    const names = Array.from(unsupportedCodecs, (codec) => codec.replaceAll(/[^\w.-]/g, '?'))
    return `HLS segments cannot carry ${names.join(', ')}`
  }
  return 'the first segment is not finished yet'
}
