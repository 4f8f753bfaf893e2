/**
 * The clip that the examples publish, and real time.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FlvDemuxer } from 'millrace/flv'
import type { MediaPacket } from 'millrace/media'

/** Path of the bundled clip: 8 s, H.264 640x360 with B-frames, AAC, a keyframe every 2 s. */
export const DEMO_CLIP = join(import.meta.dirname, 'server/demo.flv')

/** Every packet of an FLV file. */
export function readClip(path: string = DEMO_CLIP): MediaPacket[] {
  const demuxer = new FlvDemuxer()
  demuxer.push(readFileSync(path))
  const packets: MediaPacket[] = []
  for (let packet = demuxer.read(); packet !== undefined; packet = demuxer.read()) packets.push(packet)
  return packets
}

/** How {@link inRealTime} plays. */
export interface RealTimeOptions {
  /** Begin again at the end; the clock goes on. @defaultValue false */
  readonly loop?: boolean
  /** Ends it. */
  readonly signal?: AbortSignal
}

/** How far ahead of their time packets are given out, ms. */
const LEAD_MS = 20

/** Gives each packet at its time, as an encoder would. */
export async function* inRealTime(
  packets: readonly MediaPacket[],
  { loop = false, signal }: RealTimeOptions = {},
): AsyncGenerator<MediaPacket> {
  const times = packets.filter((packet) => packet.coded).map((packet) => packet.dts)
  const lengthMs = Math.max(...times) - Math.min(...times) + 40
  const start = performance.now()
  for (let round = 0; round === 0 || loop; round++) {
    for (const packet of packets) {
      // Configuration and metadata come once: they do not change.
      if (round > 0 && !packet.coded) continue
      const dts = packet.dts + round * lengthMs
      const early = start + dts - LEAD_MS - performance.now()
      if (early > 0)
        await sleep(early, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
      if (signal?.aborted === true) return
      yield packet.withDts(dts)
    }
  }
}
