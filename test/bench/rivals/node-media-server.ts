/** The parts of Node-Media-Server 4.4.3 that do what ours do. It has no types; these are of what the cases call. */
import { createRequire } from 'node:module'
import { resolve } from 'node:path'

/** One media message. `data` is the parser's own buffer, overwritten by the next message. */
export interface NmsPacket {
  codec_type: number
  flags: number
  pts: number
  dts: number
  size: number
  data: Buffer
}

export interface NmsRtmp {
  handshakeState: number
  onPacketCallback: (packet: NmsPacket) => void
  onOutputCallback: (bytes: Buffer) => void
  /** Takes what the socket read: handshake first, then chunks. */
  parserData: (bytes: Buffer) => string | null
}

export interface NmsFlv {
  parserState: number
  onPacketCallback: (packet: NmsPacket) => void
  parserData: (bytes: Buffer) => string | null
}

interface NmsAmf {
  decodeAmf0Cmd: (bytes: Buffer) => Record<string, unknown>
  encodeAmf0Cmd: (command: Record<string, unknown>) => Buffer
}

// Compiled files lie outside the folder that has it installed.
const require = createRequire(resolve(import.meta.dirname, '../../../test/bench/rivals/package.json'))

export const Rtmp = require('node-media-server/src/protocol/rtmp.js') as {
  new (): NmsRtmp
  /** The chunks of one message, for chunk size 65,535. */
  createMessage: (packet: NmsPacket) => Buffer
}
export const Flv = require('node-media-server/src/protocol/flv.js') as {
  new (): NmsFlv
  createMessage: (packet: NmsPacket) => Buffer
}
export const Amf = require('node-media-server/src/protocol/amf.js') as NmsAmf
export const AvPacket = require('node-media-server/src/core/avpacket.js') as new () => NmsPacket

/** `handshakeState` of a session whose handshake is over: chunks follow. */
export const HANDSHAKE_DONE = 3

/** Its name in the tables. */
export const NMS = 'node-media-server 4.4.3'
