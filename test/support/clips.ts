/** The clips of test/clips. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { decodeAmf0, propertiesOf } from 'millrace/amf0'

/** All clips; test/clips/README.md says what is in them. */
export const CLIPS = [
  'avc-aac-bframes.flv',
  'avc-mp3.flv',
  'audio-only-aac.flv',
  'video-only-avc.flv',
  'hevc-aac.ertmp.flv',
  'av1-opus.ertmp.flv',
  'vp9-opus.ertmp.flv',
  'avc-flac.ertmp.flv',
  'hevc-opus-two-audio-tracks.ertmp.flv',
] as const

export type Clip = (typeof CLIPS)[number]

/** Absolute path of a clip, for foreign programs. */
export function clipPath(clip: Clip): string {
  return resolve(import.meta.dirname, '../clips', clip)
}

/** A clip's bytes, as a plain `Uint8Array`. */
export function readClip(clip: Clip): Uint8Array {
  return new Uint8Array(readFileSync(clipPath(clip)))
}

/** A clip as FLV bytes, tag by tag, `speed` times as fast as it plays. */
export async function* paceClip(clip: Clip, speed: number): AsyncGenerator<Uint8Array> {
  const bytes = readFileSync(clipPath(clip))
  const startMs = performance.now()
  yield bytes.subarray(0, 13) // FLV header, first PreviousTagSize
  for (let at = 13; at + 11 <= bytes.length;) {
    const length = 11 + bytes.readUIntBE(at + 1, 3) + 4 // tag header, data, PreviousTagSize
    const waitMs = bytes.readUIntBE(at + 4, 3) / speed - (performance.now() - startMs)
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    yield bytes.subarray(at, at + length)
    at += length
  }
}

/**
 * A tag body as live players get it: of `onMetaData` the properties, but for `duration` and `filesize` of the clip, which no stream has; all
 * else as hex. What was received is given as it is.
 */
export function shown(body: Uint8Array, isReceived: boolean): string {
  if (!Buffer.from(body).subarray(0, 13).includes('onMetaData')) return Buffer.from(body).toString('hex')
  const { duration, filesize, ...properties } = propertiesOf(decodeAmf0(body)[1]) ?? {}
  return JSON.stringify(isReceived ? { duration, filesize, ...properties } : properties)
}
