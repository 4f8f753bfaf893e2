// What this browser can play.
import { codecName } from './format.js'
import { PROTOCOLS } from './player.js'

/** What the scripts read of each container, as far as this server writes it. */
const READABLE = {
  flv: ['avc1', 'hvc1', 'av01', 'mp4a', '.mp3', 'Opus', 'fLaC'],
  ts: ['avc1', 'hvc1', 'mp4a', '.mp3', 'Opus', 'ac-3', 'ec-3'],
  hls: ['avc1', 'hvc1', 'mp4a', '.mp3', 'ac-3', 'ec-3'],
}
READABLE.ws = READABLE.flv

/** Media Source Extensions; without them (older iPhones) the browser plays HLS by itself. */
const mediaSource = globalThis.ManagedMediaSource ?? globalThis.MediaSource

function isDecoded(kind, codec, codecString) {
  // MP3 goes to the browser as it is.
  const type = codec === '.mp3' ? 'audio/mpeg' : `${kind}/mp4; codecs="${codecString}"`
  return mediaSource
    ? mediaSource.isTypeSupported(type)
    : document.createElement('video').canPlayType(type) !== ''
}

/** Why a stream, as the status tells of it, cannot be played by a protocol here; `undefined` if it can. */
export function obstacleTo(stream, protocol) {
  const tracks = [
    ['video', stream.video, stream.videoCodec],
    ['audio', stream.audio, stream.audioCodec],
  ].filter(([, codec]) => codec)
  for (const [kind, codec, codecString] of tracks) {
    if (codecString && !isDecoded(kind, codec, codecString))
      return `this browser cannot play ${codecName(codec)}`
  }
  for (const [, codec] of tracks) {
    if (!READABLE[protocol].includes(codec))
      return `${codecName(codec)} cannot be played by ${PROTOCOLS[protocol].name} here`
  }
  return undefined
}
