import { ChunkDecoder } from 'millrace/chunk'
import { packetFromTag } from 'millrace/media'
import type { BenchCase } from '../bench-case.ts'
import { asReads, setChunkSize, videoBody, videoChunks } from '../input.ts'
import { HANDSHAKE_DONE, NMS, Rtmp } from '../rivals/node-media-server.ts'

const MESSAGES = 256
const BODY_BYTES = 4096

/**
 * From socket reads to packets with their flags. Ours stay valid: a body is a view of the read or, cut into chunks, a copy;
 * Node-Media-Server hands out a view of a buffer that the next message overwrites.
 */
function decodeAt(chunkSize: number): BenchCase {
  const reads = asReads(videoChunks(videoBody(BODY_BYTES), MESSAGES, chunkSize))

  // As RtmpServer has it: what a socket reads is the decoder's.
  const decoder = new ChunkDecoder({ ownsInput: true })
  decoder.push(setChunkSize(chunkSize))
  decoder.read()
  const ours = (): number => {
    let bytes = 0
    for (const read of reads) {
      decoder.push(read)
      for (let message = decoder.read(); message !== undefined; message = decoder.read()) {
        bytes += packetFromTag(9, message.timestamp, message.body).body.length
      }
    }
    return bytes
  }

  const rtmp = new Rtmp()
  rtmp.handshakeState = HANDSHAKE_DONE
  rtmp.parserData(setChunkSize(chunkSize))
  let received = 0
  rtmp.onPacketCallback = (packet) => {
    received += packet.size
  }
  const theirs = (): number => {
    received = 0
    for (const read of reads) rtmp.parserData(read)
    return received
  }

  return {
    name: `chunk decode: ${BODY_BYTES} B messages, chunk size ${chunkSize}`,
    unit: 'message',
    unitsPerCall: MESSAGES,
    expected: MESSAGES * BODY_BYTES,
    contestants: { millrace: ours, [NMS]: theirs },
  }
}

export default [decodeAt(128), decodeAt(65_536)]
