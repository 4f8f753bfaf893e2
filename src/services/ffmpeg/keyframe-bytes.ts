/**
 * One keyframe as a file for ffmpeg.
 *
 * @module
 */
import { concatBytes } from '../../bytes/index.ts'
import type { Source } from '../../hub/index.ts'
import { configurationPackets, filterConfiguration, type MediaPacket } from '../../media/index.ts'
import { feedFormatOf } from './feed-format.ts'

/** A keyframe with its configuration. */
export interface KeyframeBytes {
  /** Format, for `-f`. */
  readonly format: string
  /** The file. */
  readonly bytes: Uint8Array
}

/** The newest keyframe of a source. */
export interface NewestKeyframe {
  /** Its position in the source's log: another number, another picture. */
  readonly seq: number
  /** Presentation time, ms on the source's clock. */
  readonly pts: number
  /** Puts it into a container. @throws TypeError for a codec that none can carry. */
  read(): KeyframeBytes
}

/** The newest keyframe of the default video track; `undefined` until there is one. */
export function newestKeyframe(source: Source): NewestKeyframe | undefined {
  const start = source.log.start()
  const keyframe = start && source.log.at(start.seq)?.defaultTrack()
  if (start === undefined || keyframe === undefined) return undefined
  return {
    seq: start.seq,
    pts: keyframe.pts,
    read() {
      const configuration = filterConfiguration(start.configuration, 'default')
      const packets = [
        ...configurationPackets({ metadata: undefined, audio: [], video: configuration.video }),
        keyframe,
      ]
      const format = feedFormatOf(packets)
      const parts = packets.map((packet: MediaPacket) => format.write(packet.withDts(0)))
      return {
        format: format.name,
        bytes: concatBytes([...parts.filter((part) => part !== undefined), format.end()]),
      }
    },
  }
}
