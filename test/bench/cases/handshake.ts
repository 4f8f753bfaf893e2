import { createHmac, randomBytes } from 'node:crypto'
import { ClientHandshake, ServerHandshake } from 'millrace/handshake'
import type { BenchCase } from '../bench-case.ts'
import { NMS, Rtmp } from '../rivals/node-media-server.ts'

const crypto = {
  randomBytes,
  hmacSha256: (key: Uint8Array, data: Uint8Array) => createHmac('sha256', key).update(data).digest(),
}

/** From C0 and C1 to S0, S1 and S2, as one answer of the server's. */
function answer(form: 'simple' | 'digest'): BenchCase {
  const client = new ClientHandshake({ crypto, form })
  client.start(0)
  const c0c1 = Buffer.concat(client.takeOutput())

  const ours = (): number => {
    const server = new ServerHandshake({ crypto })
    server.push(c0c1, 0)
    return server.takeOutput().reduce((bytes, part) => bytes + part.length, 0)
  }

  // One instance for all calls: its constructor takes a megabyte for another part of the session.
  const rtmp = new Rtmp()
  let written = 0
  rtmp.onOutputCallback = (bytes) => {
    written += bytes.length
  }
  const theirs = (): number => {
    written = 0
    rtmp.handshakeState = 0
    rtmp.parserData(c0c1)
    return written
  }

  return {
    name: `handshake: server's answer, ${form} form`,
    unit: 'handshake',
    unitsPerCall: 1,
    expected: 1 + 1536 + 1536,
    contestants: { millrace: ours, [NMS]: theirs },
  }
}

export default [answer('simple'), answer('digest')]
