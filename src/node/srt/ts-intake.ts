/**
 * Packets out of a transport stream that comes in messages.
 *
 * @module
 */
import { type MediaPacket, PacketConverter } from '../../media/index.ts'
import { TsDemuxer } from '../../mpegts/index.ts'

/** A demuxer and what makes packets of its units. */
export class TsIntake {
  readonly #demuxer: TsDemuxer
  readonly #converter: PacketConverter

  constructor() {
    this.#demuxer = new TsDemuxer()
    this.#converter = new PacketConverter()
  }

  /** Takes a message and hands on the packets that are whole. @throws {@link MediaError} for what is no transport stream. */
  push(bytes: Uint8Array, write: (packet: MediaPacket) => void): void {
    this.#demuxer.push(bytes)
    for (let unit = this.#demuxer.read(); unit !== undefined; unit = this.#demuxer.read()) {
      for (const packet of this.#converter.push(unit)) write(packet)
    }
  }
}
