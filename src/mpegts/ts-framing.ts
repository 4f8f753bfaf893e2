/**
 * Live MPEG-TS over HTTP: the view of a source that its `.ts` viewers share.
 *
 * @module
 */
import type { ConfigurationSet, Framing, MediaPacket, ViewFormat } from '../media/index.ts'
import { TsMuxer, type TsMuxerOptions } from './ts-muxer.ts'

/** Frames batches of packets as MPEG-TS. Carries the default tracks. */
export class TsFraming implements Framing {
  readonly #muxer: TsMuxer
  #started: boolean

  /** @param options - as of {@link TsMuxer}. */
  constructor(options?: TsMuxerOptions) {
    this.#muxer = new TsMuxer(options)
    this.#started = false
  }

  /** The muxer underneath: what it could not carry is read there. */
  get muxer(): TsMuxer {
    return this.#muxer
  }

  /**
   * PAT and PMT for a viewer who starts where `configuration` is in force; empty while nothing is known that
   * a transport stream carries.
   */
  join(configuration: ConfigurationSet, _dts: number): Uint8Array {
    // Packets of the log come without the configuration that was in force before the view existed.
    if (!this.#started) this.#muxer.configure(configuration)
    return this.#muxer.joinTables(configuration)
  }

  /** TS packets of a batch, in one array of its own. */
  frame(packets: readonly MediaPacket[]): Uint8Array {
    this.#started = true
    return this.#muxer.writeBatch(packets)
  }
}

/** Live MPEG-TS as a view of a source. */
export const TS_VIEW: ViewFormat = { name: 'ts', create: () => new TsFraming() }
