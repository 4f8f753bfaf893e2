import { FLV_VIEW } from 'millrace/flv'
import { packetFromTag } from 'millrace/media'
import { RTMP_VIEW } from 'millrace/rtmp'
import type { BenchCase } from '../bench-case.ts'
import { videoBody } from '../input.ts'
import { AvPacket, Flv, NMS, Rtmp } from '../rivals/node-media-server.ts'

const MESSAGES = 256
const BODY_BYTES = 4096
/** RTMP: basic and message header, no second chunk. FLV: tag header, PreviousTagSize. */
const FRAMED_BYTES = 12 + BODY_BYTES + 11 + BODY_BYTES + 4

/** A message made ready for RTMP and HTTP-FLV players, as a batch of its own: what a server does for each video frame. */
function frame(): BenchCase {
  const body = videoBody(BODY_BYTES)

  const batches = Array.from({ length: MESSAGES }, (_, n) => [packetFromTag(9, n * 40, body)])
  const rtmp = RTMP_VIEW.create()
  const flv = FLV_VIEW.create()
  const ours = (): number => {
    let bytes = 0
    for (const batch of batches) bytes += rtmp.frame(batch).length + flv.frame(batch).length
    return bytes
  }

  const packets = Array.from({ length: MESSAGES }, (_, n) => {
    const packet = new AvPacket()
    return Object.assign(packet, {
      codec_type: 9,
      dts: n * 40,
      pts: n * 40,
      size: BODY_BYTES,
      data: Buffer.from(body),
    })
  })
  const theirs = (): number => {
    let bytes = 0
    for (const packet of packets)
      bytes += Rtmp.createMessage(packet).length + Flv.createMessage(packet).length
    return bytes
  }

  return {
    name: `framing: a ${BODY_BYTES} B message for RTMP and for FLV`,
    unit: 'message',
    unitsPerCall: MESSAGES,
    expected: MESSAGES * FRAMED_BYTES,
    contestants: { millrace: ours, [NMS]: theirs },
  }
}

export default [frame()]
