/** What real senders put on the wire: see captures/README.md. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const CAPTURES = [
  'ffmpeg-aac', 'ffmpeg-alaw', 'ffmpeg-avc', 'ffmpeg-hevc', 'ffmpeg-latm', 'ffmpeg-mp3', 'ffmpeg-opus', 'ffmpeg-ulaw',
  'ffmpeg-vp8', 'ffmpeg-vp9', 'gstreamer-aac', 'gstreamer-avc', 'gstreamer-hevc', 'gstreamer-latm', 'gstreamer-mp3',
  'gstreamer-opus', 'gstreamer-vp8', 'gstreamer-vp9',
] as const // prettier-ignore

export interface Capture {
  readonly sdp: string
  readonly rtp: readonly Uint8Array[]
  readonly rtcp: readonly Uint8Array[]
}

/** Datagrams behind each other: 0 for RTP or 1 for RTCP, length 16, bytes. */
export function readCapture(name: string): Capture {
  const folder = join(import.meta.dirname, 'captures')
  const bytes = new Uint8Array(readFileSync(join(folder, `${name}.rtp.bin`)))
  const datagrams: [Uint8Array[], Uint8Array[]] = [[], []]
  for (let at = 0; at < bytes.length;) {
    const end = at + 3 + ((bytes[at + 1]! << 8) | bytes[at + 2]!)
    datagrams[bytes[at] as 0 | 1].push(bytes.slice(at + 3, end))
    at = end
  }
  const sdp = readFileSync(join(folder, `${name}.sdp`), 'utf8')
  return { sdp, rtp: datagrams[0], rtcp: datagrams[1] }
}
