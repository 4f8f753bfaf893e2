/**
 * The clip that the examples publish.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { demuxFlv } from 'millrace/flv'
import type { MediaPacket } from 'millrace/media'

/** Path of the bundled clip: 8 s, H.264 640x360 with B-frames, AAC, a keyframe every 2 s. */
export const DEMO_CLIP = join(import.meta.dirname, 'server/demo.flv')

/** Every packet of an FLV file. */
export function readClip(path: string = DEMO_CLIP): MediaPacket[] {
  return demuxFlv(readFileSync(path))
}
