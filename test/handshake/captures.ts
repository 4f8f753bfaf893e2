import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hex } from '../support/bytes.ts'

/** Bytes that a foreign peer sent, from `captures/`. Each file says which peer, and how it was caught. */
export function capture(name: string): Uint8Array {
  return hex(readFileSync(join(import.meta.dirname, 'captures', `${name}.hex`), 'utf8'))
}

/** Flash Player, digest scheme 0. */
export const FLASH_C0C1 = capture('flash-player-c0c1')
/** Flash Player and Flash Media Server talking to each other, digest scheme 0. */
export const FMS_EXCHANGE = {
  c0c1: capture('fms-exchange-c0c1'),
  s0s1s2: capture('fms-exchange-s0s1s2'),
  c2: capture('fms-exchange-c2'),
}
/** FFmpeg publishing: C0 C1 C2 and the chunk with `connect`. Digest scheme 1. */
export const FFMPEG_PUBLISH = capture('ffmpeg-publish')
/** librtmp playing: C0 C1 C2 and the chunk with `connect`. Simple form. */
export const LIBRTMP_PLAY = capture('librtmp-play')
/** nginx-rtmp answering digest scheme 1 in kind. */
export const NGINX_S0S1S2 = capture('nginx-rtmp-s0s1s2')
/** FFmpeg as a server, answering a digest C1 in the simple form. */
export const FFMPEG_LISTEN_S0S1S2 = capture('ffmpeg-listen-s0s1s2')

/** C0 C1 is 1 + 1536 bytes, C2 1536 more. */
export const C0C1_BYTES = 1537
/** All that a client sends before its first chunk. */
export const CLIENT_BYTES = C0C1_BYTES + 1536
/** All that a server sends before its first chunk. */
export const SERVER_BYTES = 3073
