/**
 * Live FLV over WebSocket: each batch is one binary frame. A server's frames are not masked, so all viewers
 * share them.
 *
 * @module
 */
import { FlvFraming, flvTagLength, writeFlvTag } from '../flv/index.ts'
import {
  type ConfigurationSet,
  framedDts,
  type Framing,
  type MediaPacket,
  type ViewFormat,
} from '../media/index.ts'
import {
  encodeWebSocketFrame,
  WEBSOCKET_OPCODE_BINARY,
  webSocketHeaderLength,
  writeWebSocketHeader,
} from './websocket-frame.ts'

/** Frames batches of packets as FLV tags in binary WebSocket frames. Holds no state. */
export class WebSocketFlvFraming implements Framing {
  readonly #flv: FlvFraming

  constructor() {
    this.#flv = new FlvFraming()
  }

  /** FLV header, metadata and configurations in one binary frame. */
  join(configuration: ConfigurationSet, dts: number): Uint8Array {
    return encodeWebSocketFrame(WEBSOCKET_OPCODE_BINARY, this.#flv.join(configuration, dts))
  }

  /** The packets as tags in one binary frame; empty for no packets. */
  frame(packets: readonly MediaPacket[]): Uint8Array {
    if (packets.length === 0) return new Uint8Array(0)
    let length = 0
    for (const packet of packets) length += flvTagLength(packet)
    const out = new Uint8Array(webSocketHeaderLength(length) + length)
    let at = writeWebSocketHeader(out, 0, WEBSOCKET_OPCODE_BINARY, length)
    for (const packet of packets) at = writeFlvTag(out, at, packet, framedDts(packet, packet.dts))
    return out
  }
}

/** Live FLV over WebSocket as a view of a source. */
export const WEBSOCKET_FLV_VIEW: ViewFormat = { name: 'ws-flv', create: () => new WebSocketFlvFraming() }
