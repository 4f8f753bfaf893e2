/**
 * Formats whose payload is the frame as it is: Opus (RFC 7587 §4.2), G.711 (RFC 3551 §4.5.14) and MPEG-TS (RFC 2250 §2).
 *
 * @module
 */
import { DecodeError } from '../errors/index.ts'
import type { Packetizer, RtpPayload } from './packetizer.ts'

/** Puts each frame into a packet of its own. */
export class PlainPacketizer implements Packetizer {
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(data: Uint8Array): RtpPayload[] {
    if (data.length > this.#maxBytes)
      throw new DecodeError('ERR_RTP_PAYLOAD', `frame of ${data.length} bytes exceeds ${this.#maxBytes}`)
    return [{ payload: data, marker: false, ticks: 0 }]
  }
}

/** Puts samples of one byte into packets, as many as fit: G.711. */
export class SamplePacketizer implements Packetizer {
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(data: Uint8Array): RtpPayload[] {
    const payloads: RtpPayload[] = []
    for (let at = 0; at < data.length; at += this.#maxBytes)
      payloads.push({ payload: data.subarray(at, at + this.#maxBytes), marker: false, ticks: at })
    return payloads
  }
}

const TS_PACKET_BYTES = 188

/** Puts TS packets into RTP packets, as many whole ones as fit. */
export class TsPacketizer implements Packetizer {
  readonly #room: number

  constructor(maxBytes: number) {
    this.#room = Math.max(1, Math.floor(maxBytes / TS_PACKET_BYTES)) * TS_PACKET_BYTES
  }

  push(data: Uint8Array): RtpPayload[] {
    if (data.length % TS_PACKET_BYTES !== 0)
      throw new DecodeError('ERR_RTP_PAYLOAD', `${data.length} bytes are no whole TS packets`)
    const payloads: RtpPayload[] = []
    for (let at = 0; at < data.length; at += this.#room)
      payloads.push({ payload: data.subarray(at, at + this.#room), marker: false, ticks: 0 })
    return payloads
  }
}
