// An RTMP client and an RTMP server, joined without a socket, a clock or a timer.
// #region sessions
import { createHmac, randomBytes } from 'node:crypto'
import { packetFromTag } from 'millrace/media'
import { RtmpClientSession, RtmpServerSession } from 'millrace/rtmp'

const crypto = {
  randomBytes,
  hmacSha256: (key: Uint8Array, data: Uint8Array) => createHmac('sha256', key).update(data).digest(),
}
const server = new RtmpServerSession({ crypto, nowMs: 0 })
const client = new RtmpClientSession({
  crypto,
  nowMs: 0,
  mode: 'publish',
  app: 'live',
  tcUrl: 'rtmp://example.com/live',
  streamName: 'show',
})

let bytesOnTheWire = 0
let received = 0
for (let nowMs = 0; received === 0; nowMs++) {
  for (const part of client.takeOutput()) {
    bytesOnTheWire += part.length
    server.push(part, nowMs)
  }
  for (let event = server.readEvent(); event !== undefined; event = server.readEvent()) {
    console.log(`server at ${nowMs} ms: ${event.type}`)
    if (event.type === 'connect') server.acceptConnect()
    if (event.type === 'publish') server.acceptPublish()
    if (event.type === 'media') received++
  }
  for (const part of server.takeOutput()) {
    bytesOnTheWire += part.length
    client.push(part, nowMs)
  }
  for (let event = client.readEvent(); event !== undefined; event = client.readEvent()) {
    console.log(`client at ${nowMs} ms: ${event.type}`)
    // A keyframe: frame type 1, codec id 7 (AVC), packet type 1, composition time 0, one NAL unit.
    const keyframe = Uint8Array.of(0x17, 0x01, 0, 0, 0, 0, 0, 0, 2, 0x65, 0x88)
    if (event.type === 'publishing') client.writeMedia(packetFromTag(9, 0, keyframe))
  }
}
console.log(`${received} packet received, ${bytesOnTheWire} bytes on the wire`)
// #endregion sessions
