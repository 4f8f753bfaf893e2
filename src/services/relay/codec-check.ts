/**
 * Which codecs a server takes, by its answer to `connect`.
 *
 * @module
 */
import { ProtocolError } from '../../errors/index.ts'
import type { FourCc, MediaPacket } from '../../media/index.ts'
import { FOURCC_INFO_CAN_DECODE, FOURCC_INFO_CAN_FORWARD, type PeerCapabilities } from '../../rtmp/index.ts'

/** Every server of RTMP takes these in their legacy form, whatever it declares. */
const LEGACY: ReadonlySet<FourCc> = new Set([
  'avc1',
  'mp4a',
  '.mp3',
  'h263',
  'vp6f',
  'vp6a',
  'pcm ',
  'adpc',
  'nell',
  'spex',
])

/**
 * Watches a stream for codecs that the server excludes. Servers that declare nothing get everything: many take HEVC and AV1 without a
 * word about it, and to try is the only way to know. One that declares a list means it.
 */
export class CodecCheck {
  readonly #peer: PeerCapabilities
  #audio: FourCc
  #video: FourCc

  /** @param peer - what the server declared. */
  constructor(peer: PeerCapabilities) {
    this.#peer = peer
    this.#audio = ''
    this.#video = ''
  }

  /** @throws {@link ProtocolError} `ERR_FORWARD_CODEC` for a packet that the server cannot read. */
  check(packet: MediaPacket): void {
    const { kind, codec } = packet
    if (codec === '' || kind === 'data') return
    if (kind === 'video') {
      if (codec === this.#video) return
      this.#video = codec
    } else {
      if (codec === this.#audio) return
      this.#audio = codec
    }
    if (takesCodec(this.#peer, kind, codec)) return
    throw new ProtocolError('ERR_FORWARD_CODEC', `the target takes no ${kind} in ${codec}`)
  }
}

/** Whether a server that declared `peer` takes a codec. */
export function takesCodec(peer: PeerCapabilities, kind: 'audio' | 'video', codec: FourCc): boolean {
  if (LEGACY.has(codec)) return true
  const info = kind === 'video' ? peer.videoFourCcInfo : peer.audioFourCcInfo
  if (info.size > 0) return reads(info.get(codec)) || reads(info.get('*'))
  const { fourCcList } = peer
  return fourCcList.length === 0 || fourCcList.includes(codec) || fourCcList.includes('*')
}

function reads(mask = 0): boolean {
  return (mask & (FOURCC_INFO_CAN_DECODE | FOURCC_INFO_CAN_FORWARD)) !== 0
}
